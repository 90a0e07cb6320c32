package httpapi

import (
	"cmp"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"son1k/internal/user"
)

type authHandlers struct {
	users *user.Service
	local *LocalSignIn
}

func (h *authHandlers) routes(g *echo.Group, signedIn echo.MiddlewareFunc) {
	g.POST("/register", h.register)
	g.POST("/login", h.login)
	g.POST("/refresh", h.refresh)
	g.POST("/logout", h.logout)
	g.POST("/local", h.signInLocally)
	g.POST("/ticket", h.ticket, signedIn)
	g.GET("/profile", h.profile, signedIn)
	g.PUT("/profile", h.updateProfile, signedIn)
	g.GET("/tier", h.tier, signedIn)
	g.GET("/limits", h.limits, signedIn)
}

func (h *authHandlers) register(c echo.Context) error {
	var body struct {
		Email    string `json:"email"`
		Username string `json:"username"`
		Password string `json:"password"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	session, err := h.users.Register(c.Request().Context(), user.RegisterParams{
		Email: body.Email, Username: body.Username, Password: body.Password,
	})
	if err != nil {
		return err
	}
	return ok(c, http.StatusCreated, session)
}

func (h *authHandlers) login(c echo.Context) error {
	var body struct {
		Login    string `json:"login"` // e-mail or username; clients may also call it by either name
		Email    string `json:"email"`
		Username string `json:"username"`
		Password string `json:"password"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	session, err := h.users.Login(c.Request().Context(), user.LoginParams{
		Login: cmp.Or(body.Login, body.Email, body.Username), Password: body.Password,
	})
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, session)
}

type refreshBody struct {
	RefreshToken string `json:"refreshToken"`
}

func (h *authHandlers) refresh(c echo.Context) error {
	var body refreshBody
	if err := decode(c, &body); err != nil {
		return err
	}
	session, err := h.users.Refresh(c.Request().Context(), body.RefreshToken)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, session)
}

func (h *authHandlers) logout(c echo.Context) error {
	var body refreshBody
	if err := decode(c, &body); err != nil {
		return err
	}
	if err := h.users.Logout(c.Request().Context(), body.RefreshToken); err != nil {
		return err
	}
	return ok(c, http.StatusOK, struct{}{})
}

// signInLocally answers 204 where there is no such sign-in: every page asks
// first, so that it is no error.
func (h *authHandlers) signInLocally(c echo.Context) error {
	session, err := h.local.signIn(c.Request())
	if err != nil {
		return err
	}
	if session == nil {
		return c.NoContent(http.StatusNoContent)
	}
	return ok(c, http.StatusOK, session)
}

type ticketBody struct {
	Ticket    string    `json:"ticket"`
	ExpiresAt time.Time `json:"expiresAt"`
}

func (h *authHandlers) ticket(c echo.Context) error {
	ticket, expires, err := h.users.IssueTicket(c.Request().Context(), caller(c))
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, ticketBody{Ticket: ticket, ExpiresAt: expires.UTC()})
}

func (h *authHandlers) profile(c echo.Context) error {
	profile, err := h.users.Profile(c.Request().Context(), caller(c).UserID)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, profile)
}

func (h *authHandlers) updateProfile(c echo.Context) error {
	var body struct {
		Username *string `json:"username"`
		Email    *string `json:"email"`
	}
	if err := decode(c, &body); err != nil {
		return err
	}
	profile, err := h.users.UpdateProfile(c.Request().Context(), caller(c).UserID, user.ProfileChange{
		Username: body.Username, Email: body.Email,
	})
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, profile)
}

func (h *authHandlers) tier(c echo.Context) error {
	tier, err := h.users.Tier(c.Request().Context(), caller(c).UserID)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, tier)
}

func (h *authHandlers) limits(c echo.Context) error {
	limits, err := h.users.Limits(c.Request().Context(), caller(c).UserID)
	if err != nil {
		return err
	}
	return ok(c, http.StatusOK, limits)
}
