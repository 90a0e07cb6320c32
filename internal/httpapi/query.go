package httpapi

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"son1k/internal/apperr"
)

// query reads the parameters of a request's query and gathers what is wrong
// with them.
type query struct {
	values url.Values
	bad    []apperr.Field
}

func queryOf(c echo.Context) *query { return &query{values: c.QueryParams()} }

func (q *query) reject(name, message string) {
	q.bad = append(q.bad, apperr.Field{Field: name, Message: message})
}

// number returns a whole number from lowest to highest, or def if there is none.
func (q *query) number(name string, def, lowest, highest int) int {
	text := q.values.Get(name)
	if text == "" {
		return def
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < lowest || n > highest {
		q.reject(name, fmt.Sprintf("Must be a whole number from %d to %d.", lowest, highest))
		return def
	}
	return n
}

// oneOf returns one of the choices, or "" if there is none.
func (q *query) oneOf(name string, choices ...string) string {
	text := strings.ToLower(q.values.Get(name))
	if text != "" && !slices.Contains(choices, text) {
		q.reject(name, "Must be one of "+strings.Join(choices, ", ")+".")
		return ""
	}
	return text
}

// text returns a text of at most maxChars characters.
func (q *query) text(name string, maxChars int) string {
	s := strings.TrimSpace(q.values.Get(name))
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) || utf8.RuneCountInString(s) > maxChars {
		q.reject(name, fmt.Sprintf("Must be text of at most %d characters.", maxChars))
		return ""
	}
	return s
}

func (q *query) err() error {
	if len(q.bad) == 0 {
		return nil
	}
	return apperr.InvalidFields(q.bad...)
}

// page returns number, from 1, and length of the page that is asked for.
func (q *query) page() (page, limit int) {
	return q.number("page", 1, 1, 1_000_000), q.number("limit", 20, 1, 100)
}

// id returns a uuid, or nil if there is none.
func (q *query) id(name string) *uuid.UUID {
	text := q.values.Get(name)
	if text == "" {
		return nil
	}
	id, ok := parseUUID(text)
	if !ok {
		q.reject(name, notUUID)
		return nil
	}
	return &id
}

// pathID returns the id in the path.
func pathID(c echo.Context) (uuid.UUID, error) { return pathUUID(c, "id") }

// pathUUID returns a uuid in the path.
func pathUUID(c echo.Context, name string) (uuid.UUID, error) {
	id, ok := parseUUID(c.Param(name))
	if !ok {
		return uuid.Nil, apperr.InvalidFields(apperr.Field{Field: name, Message: notUUID})
	}
	return id, nil
}

const notUUID = "Must be a uuid."

// parseUUID takes the one usual form only.
func parseUUID(text string) (uuid.UUID, bool) {
	id, err := uuid.Parse(text)
	return id, err == nil && len(text) == 36
}
