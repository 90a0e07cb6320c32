package admin

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrForbidden means that the database role may not do what was asked.
var ErrForbidden = errors.New("the database role may not do this: to look at the queue needs son1k_reader; changes, groups of failures and everything about a job need son1k_operator")

// ErrOutdated means that the views and functions of this version are missing.
var ErrOutdated = errors.New("the database has not the schema of this version: run `son1k migrate`")

// Field is one thing that is wrong with an input. Field is named as in JSON, and
// empty if it was the database that noticed.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// InvalidError means that the input makes no sense.
type InvalidError struct {
	Fields []Field // never empty
}

func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.Message
		if f.Field != "" {
			parts[i] = f.Field + " " + f.Message
		}
	}
	return strings.Join(parts, "; ")
}

// NotFoundError means that what was named is not there.
type NotFoundError struct {
	Message string
}

func (e *NotFoundError) Error() string { return e.Message }

// ConflictError means that what was named is in no state for the change.
type ConflictError struct {
	Message string
}

func (e *ConflictError) Error() string { return e.Message }

// explain turns an error of the database into one that says what to do. doing
// says what was being done, for the others.
func explain(doing string, err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch {
	case e.Code == "42501":
		return ErrForbidden
	case e.Code == "42P01" || e.Code == "42883" || e.Code == "42703" || e.Code == "3F000":
		return ErrOutdated
	case e.Code == "P0002":
		return &NotFoundError{Message: sentence(e)}
	case e.Code == "P0001", strings.HasPrefix(e.Code, "22"), strings.HasPrefix(e.Code, "23"):
		return &InvalidError{Fields: []Field{{Message: sentence(e)}}}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// sentence is the message of the database and what it advises.
func sentence(e *pgconn.PgError) string {
	if e.Hint == "" {
		return e.Message
	}
	return strings.TrimRight(e.Message, ".") + ". " + e.Hint
}

// explainJob is explain for a statement that finds no row without the job.
func explainJob(doing string, id int64, err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return noJob(id)
	}
	return explain(doing, err)
}

func noJob(id int64) error {
	return &NotFoundError{Message: fmt.Sprintf("there is no job %d, neither live nor in the history", id)}
}
