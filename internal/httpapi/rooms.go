package httpapi

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"son1k/internal/apperr"
	"son1k/internal/room"
)

type roomHandlers struct {
	rooms *room.Service
}

func (h *roomHandlers) routes(g *echo.Group, signedIn echo.MiddlewareFunc) {
	g.POST("/rooms", h.create, signedIn)
	g.GET("/rooms", h.list, signedIn)
	g.GET("/rooms/public", h.public, signedIn)
	g.GET("/rooms/:id", h.get, signedIn)
	g.PUT("/rooms/:id", h.update, signedIn)
	g.DELETE("/rooms/:id", h.delete, signedIn)
	g.POST("/rooms/:id/join", h.join, signedIn)
	g.POST("/rooms/:id/leave", h.leave, signedIn)
	g.POST("/rooms/:id/invite", h.invite, signedIn)
	g.DELETE("/rooms/:id/invitations/:userId", h.revoke, signedIn)
	g.DELETE("/rooms/:id/members/:userId", h.remove, signedIn)
	g.POST("/rooms/:id/owner", h.handOver, signedIn)
	g.GET("/rooms/:id/messages", h.messages, signedIn)
	g.POST("/rooms/:id/messages", h.post, signedIn)
	g.GET("/invitations", h.invitations, signedIn)
	g.DELETE("/invitations/:roomId", h.decline, signedIn)
}

func (h *roomHandlers) create(c echo.Context) error {
	var body struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		IsPublic    bool   `json:"isPublic"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	made, err := h.rooms.Create(c.Request().Context(), caller(c).UserID, room.CreateParams{
		Name: body.Name, Description: body.Description, IsPublic: body.IsPublic,
	})
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/collaboration/rooms/"+made.ID.String())
	return ok(c, http.StatusCreated, made)
}

func (h *roomHandlers) list(c echo.Context) error {
	q := queryOf(c)
	page, limit := q.page()
	if err := q.err(); err != nil {
		return err
	}
	rooms, err := h.rooms.List(c.Request().Context(), caller(c).UserID, page, limit)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, rooms)
}

func (h *roomHandlers) public(c echo.Context) error {
	q := queryOf(c)
	page, limit := q.page()
	search := q.text("search", room.MaxName)
	if err := q.err(); err != nil {
		return err
	}
	rooms, err := h.rooms.Public(c.Request().Context(), page, limit, search)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, rooms)
}

func (h *roomHandlers) get(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	found, err := h.rooms.Get(c.Request().Context(), caller(c).UserID, id)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, found)
}

func (h *roomHandlers) update(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var body struct {
		Name        *string `json:"name"`
		Description *string `json:"description"`
		IsPublic    *bool   `json:"isPublic"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	updated, err := h.rooms.Update(c.Request().Context(), caller(c).UserID, id, room.Change{
		Name: body.Name, Description: body.Description, IsPublic: body.IsPublic,
	})
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, updated)
}

func (h *roomHandlers) delete(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.rooms.Delete(c.Request().Context(), caller(c).UserID, id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (h *roomHandlers) join(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	joined, err := h.rooms.Join(c.Request().Context(), caller(c).UserID, id)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, joined)
}

func (h *roomHandlers) leave(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.rooms.Leave(c.Request().Context(), caller(c).UserID, id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (h *roomHandlers) remove(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	member, err := pathUUID(c, "userId")
	if err != nil {
		return err
	}
	if err := h.rooms.Remove(c.Request().Context(), caller(c).UserID, id, member); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (h *roomHandlers) handOver(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var body struct {
		UserID uuid.UUID `json:"userId"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	if body.UserID == uuid.Nil {
		return apperr.InvalidFields(apperr.Field{Field: "userId", Message: "Say who is to own the room."})
	}
	handed, err := h.rooms.HandOver(c.Request().Context(), caller(c).UserID, id, body.UserID)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, handed)
}
