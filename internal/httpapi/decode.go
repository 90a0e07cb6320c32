package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"son1k/internal/apperr"
)

// maxBody is the largest body that is read, in bytes.
const maxBody = 1 << 20

// decode reads the JSON object of a request into dst, a pointer to a struct
// with json tags. Fields that the struct does not have and values of the wrong
// type are refused, all of them at once.
func decode(c echo.Context, dst any) error {
	body, err := readBody(c.Request())
	if err != nil {
		return err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return badJSON(body, err)
	}
	if object == nil {
		return apperr.New(apperr.Invalid, "INVALID_JSON", "The body must be a JSON object, not null.")
	}
	if bad := decodeFields(object, reflect.ValueOf(dst).Elem()); len(bad) > 0 {
		return apperr.InvalidFields(bad...)
	}
	return nil
}

func readBody(r *http.Request) ([]byte, error) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return nil, apperr.New(apperr.Unsupported, "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge()
	case err != nil:
		return nil, apperr.Wrap(err, apperr.Invalid, "BODY_INCOMPLETE", "The body could not be read to its end.")
	case len(bytes.TrimSpace(body)) == 0:
		return nil, apperr.New(apperr.Invalid, "INVALID_JSON", "The body is empty; a JSON object is expected.")
	case !utf8.Valid(body):
		return nil, apperr.New(apperr.Invalid, "INVALID_JSON", "The body is not valid UTF-8.")
	}
	return body, nil
}

// badJSON says where the body stops making sense.
func badJSON(body []byte, err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return apperr.Wrap(err, apperr.Invalid, "INVALID_JSON", "The body must be a JSON object.")
	}
	before := body[:max(0, min(int(syntax.Offset)-1, len(body)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return apperr.Wrap(err, apperr.Invalid, "INVALID_JSON",
		fmt.Sprintf("The body is not valid JSON at line %d, column %d.", line, column))
}

func decodeFields(object map[string]json.RawMessage, v reflect.Value) (bad []apperr.Field) {
	known := make(map[string]reflect.Value)
	for _, f := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		known[name] = v.FieldByIndex(f.Index)
	}
	for name, raw := range object {
		field, ok := known[name]
		if !ok {
			bad = append(bad, apperr.Field{Field: shorten(name), Message: "There is no such field."})
			continue
		}
		if err := json.Unmarshal(raw, field.Addr().Interface()); err != nil {
			bad = append(bad, apperr.Field{Field: name, Message: "Must be " + typeName(field.Type()) + "."})
		}
	}
	slices.SortFunc(bad, func(a, b apperr.Field) int { return strings.Compare(a.Field, b.Field) })
	return bad
}

// shorten keeps a hostile name from filling the answer.
func shorten(name string) string {
	if r := []rune(name); len(r) > 50 {
		return string(r[:50]) + "…"
	}
	return name
}

func typeName(t reflect.Type) string {
	if t == reflect.TypeFor[uuid.UUID]() {
		return "a uuid"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	default:
		return "of another type"
	}
}
