package httpapi

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"son1k/internal/apperr"
)

type envelope struct {
	Success   bool       `json:"success"`
	Data      any        `json:"data,omitempty"`
	Error     *errorBody `json:"error,omitempty"`
	RequestID string     `json:"requestId,omitempty"`
}

type errorBody struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Details []apperr.Field `json:"details,omitempty"`
}

// ok answers with data in the envelope.
func ok(c echo.Context, status int, data any) error {
	return c.JSON(status, envelope{Success: true, Data: data})
}

// statusOf is the one mapping of error kinds to HTTP.
func statusOf(k apperr.Kind) int {
	switch k {
	case apperr.Invalid:
		return http.StatusBadRequest
	case apperr.Unauthenticated:
		return http.StatusUnauthorized
	case apperr.Forbidden:
		return http.StatusForbidden
	case apperr.NotFound:
		return http.StatusNotFound
	case apperr.MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case apperr.Conflict:
		return http.StatusConflict
	case apperr.TooLarge:
		return http.StatusRequestEntityTooLarge
	case apperr.Unsupported:
		return http.StatusUnsupportedMediaType
	case apperr.Unprocessable:
		return http.StatusUnprocessableEntity
	case apperr.RateLimited:
		return http.StatusTooManyRequests
	case apperr.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// retryUnavailable is when to come back while the database is away.
const retryUnavailable = 2 * time.Second

// errorHandler answers with err in the envelope. The cause of an internal
// error goes to the log and nowhere else. unavailable tells whether an error
// means that the database is away.
func errorHandler(log *slog.Logger, unavailable func(error) bool) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			return // too late to say so; the connection is cut short
		}
		e := apperr.From(fromEcho(err))
		level := slog.LevelDebug
		switch {
		case e.Kind == apperr.Internal && unavailable(err):
			level = slog.LevelWarn
			e = apperr.Wrap(err, apperr.Unavailable, "DATABASE_UNAVAILABLE", "The service cannot reach its database. Nothing was changed; try again in a moment.")
			e.RetryAfter = retryUnavailable
		case e.Kind == apperr.Internal:
			level = slog.LevelError
		}
		log.Log(c.Request().Context(), level, "request failed",
			"error", err, "route", c.Path(), "request_id", requestID(c))
		h := c.Response().Header()
		if e.RetryAfter > 0 {
			h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
		}
		if e.Kind == apperr.Unauthenticated {
			h.Set("WWW-Authenticate", `Bearer realm="son1k"`)
		}
		body := envelope{
			Error:     &errorBody{Code: e.Code, Message: e.Message, Details: e.Fields},
			RequestID: requestID(c),
		}
		if err := c.JSON(statusOf(e.Kind), body); err != nil {
			log.DebugContext(c.Request().Context(), "cannot answer", "error", err)
		}
	}
}

// fromEcho gives the errors of the router our form.
func fromEcho(err error) error {
	var he *echo.HTTPError
	if !errors.As(err, &he) {
		return err
	}
	switch he.Code {
	case http.StatusNotFound:
		return apperr.New(apperr.NotFound, "NOT_FOUND", "There is nothing at this path.")
	case http.StatusMethodNotAllowed:
		return apperr.New(apperr.MethodNotAllowed, "METHOD_NOT_ALLOWED", "This path does not take this method; see the Allow header.")
	case http.StatusRequestEntityTooLarge:
		return errTooLarge()
	default:
		return err
	}
}

func errTooLarge() error {
	return apperr.New(apperr.TooLarge, "BODY_TOO_LARGE", "The body is larger than 1 MiB.")
}
