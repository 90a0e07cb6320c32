package httpapi

import (
	"encoding/hex"
	"mime"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"son1k/internal/generation"
	"son1k/internal/user"
)

type generationHandlers struct {
	generations *generation.Service
	users       *user.Service
}

func (h *generationHandlers) routes(g *echo.Group, signedIn echo.MiddlewareFunc) {
	g.POST("/create", h.create, signedIn)
	g.GET("/history", h.history, signedIn)
	g.GET("/:id", h.get, signedIn)
	g.GET("/:id/status", h.get, signedIn)
	g.POST("/:id/cancel", h.cancel, signedIn)
	g.POST("/:id/retry", h.retry, signedIn)
	g.DELETE("/:id", h.delete, signedIn)
	// A signed link will do here instead of an account.
	g.GET("/:id/audio", h.audio)
	g.HEAD("/:id/audio", h.audio)
}

func (h *generationHandlers) create(c echo.Context) error {
	var body struct {
		Prompt       string  `json:"prompt"`
		Style        string  `json:"style"`
		Title        string  `json:"title"`
		Lyrics       string  `json:"lyrics"`
		Instrumental bool    `json:"instrumental"`
		Duration     *int    `json:"duration"`
		Quality      *string `json:"quality"`
		Seed         *int64  `json:"seed"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	p := generation.Params{
		Prompt: body.Prompt, Style: body.Style, Title: body.Title, Lyrics: body.Lyrics, Instrumental: body.Instrumental,
		Duration: generation.DefaultSeconds, Quality: generation.DefaultQuality, Seed: body.Seed,
	}
	if body.Duration != nil {
		p.Duration = *body.Duration
	}
	if body.Quality != nil {
		p.Quality = *body.Quality
	}
	created, err := h.generations.Create(c.Request().Context(), caller(c).UserID, p, generation.CreateOptions{
		IdempotencyKey: c.Request().Header.Get("Idempotency-Key"),
	})
	if err != nil {
		return err
	}
	return accepted(c, created)
}

// accepted answers with where to follow the generation.
func accepted(c echo.Context, created generation.Created) error {
	c.Response().Header().Set("Location", "/api/generation/"+created.GenerationID.String())
	return ok(c, http.StatusAccepted, created)
}

func (h *generationHandlers) history(c echo.Context) error {
	q := queryOf(c)
	p := generation.ListParams{
		Page:   q.number("page", 1, 1, 1_000_000),
		Limit:  q.number("limit", 20, 1, 100),
		Status: q.oneOf("status", generation.Statuses()...),
		Search: q.text("q", 200),
	}
	if err := q.err(); err != nil {
		return err
	}
	page, err := h.generations.List(c.Request().Context(), caller(c).UserID, p)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, page)
}

func (h *generationHandlers) get(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	view, err := h.generations.Get(c.Request().Context(), caller(c).UserID, id)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, view)
}

func (h *generationHandlers) cancel(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	view, err := h.generations.Cancel(c.Request().Context(), caller(c).UserID, id)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, view)
}

func (h *generationHandlers) retry(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	created, err := h.generations.Retry(c.Request().Context(), caller(c).UserID, id)
	if err != nil {
		return err
	}
	return accepted(c, created)
}

func (h *generationHandlers) delete(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.generations.Delete(c.Request().Context(), caller(c).UserID, id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// audio streams a song, whole or in ranges (RFC 9110, section 14).
func (h *generationHandlers) audio(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	q := queryOf(c)
	clip := q.number("clip", 0, 0, 99)
	if err := q.err(); err != nil {
		return err
	}
	signature := c.QueryParam("signature")
	var userID uuid.UUID
	if signature == "" {
		p, err := principal(c, h.users)
		if err != nil {
			return err
		}
		userID = p.UserID
	}
	audio, err := h.generations.Audio(c.Request().Context(), id, clip, userID, signature)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("Content-Type", audio.ContentType)
	header.Set("ETag", `"`+hex.EncodeToString(audio.SHA256)+`"`)
	header.Set("Cache-Control", "private, max-age=86400")
	if c.QueryParam("download") == "1" {
		header.Set("Content-Disposition", attachment(audio.Title, audio.ContentType))
	}
	http.ServeContent(c.Response(), c.Request(), "", audio.CreatedAt, audio.File)
	return nil
}

// attachment is a Content-Disposition with a file name made of the title
// (RFC 6266).
func attachment(title, contentType string) string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, strings.TrimLeft(title, ". "))
	if name == "" {
		name = "song"
	}
	return mime.FormatMediaType("attachment", map[string]string{"filename": name + extension(contentType)})
}

func extension(contentType string) string {
	switch contentType {
	case "audio/flac":
		return ".flac"
	case "audio/mpeg":
		return ".mp3"
	case "audio/wav", "audio/x-wav":
		return ".wav"
	default:
		return ""
	}
}
