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

// pathID returns the id in the path.
func pathID(c echo.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil || len(c.Param("id")) != 36 {
		return uuid.Nil, apperr.InvalidFields(apperr.Field{Field: "id", Message: "Must be a uuid."})
	}
	return id, nil
}
