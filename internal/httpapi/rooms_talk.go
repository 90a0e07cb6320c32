package httpapi

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"son1k/internal/room"
)

func (h *roomHandlers) messages(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	q := queryOf(c)
	before := q.id("before")
	limit := q.number("limit", 50, 1, 100)
	if err := q.err(); err != nil {
		return err
	}
	page, err := h.rooms.Messages(c.Request().Context(), caller(c).UserID, id, before, limit)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, page)
}

func (h *roomHandlers) post(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var body struct {
		Message string `json:"message"`
		Type    string `json:"type"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	said, err := h.rooms.Post(c.Request().Context(), caller(c).UserID, id, body.Message, body.Type)
	if err != nil {
		return err
	}
	return ok(c, http.StatusCreated, said)
}

func (h *roomHandlers) invite(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var body struct {
		UserID   uuid.UUID `json:"userId"`
		Username string    `json:"username"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	invited, err := h.rooms.Invite(c.Request().Context(), caller(c).UserID, id, room.Guest{ID: body.UserID, Username: body.Username})
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, invited)
}

func (h *roomHandlers) revoke(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	guest, err := pathUUID(c, "userId")
	if err != nil {
		return err
	}
	if err := h.rooms.Revoke(c.Request().Context(), caller(c).UserID, id, guest); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

type invitationsBody struct {
	Invitations []room.Invitation `json:"invitations"`
}

func (h *roomHandlers) invitations(c echo.Context) error {
	list, err := h.rooms.Invitations(c.Request().Context(), caller(c).UserID)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, invitationsBody{Invitations: list})
}

func (h *roomHandlers) decline(c echo.Context) error {
	id, err := pathUUID(c, "roomId")
	if err != nil {
		return err
	}
	me := caller(c).UserID
	if err := h.rooms.Revoke(c.Request().Context(), me, id, me); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
