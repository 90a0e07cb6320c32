package app

import (
	"context"
	"net/http"

	"son1k/internal/generation"
	"son1k/internal/httpapi"
	"son1k/internal/postgres"
	"son1k/internal/realtime"
	"son1k/internal/room"
	"son1k/internal/user"
	"son1k/internal/web"
)

// The person at the machine of the embedded default meets no wall.
const (
	localUsername = "you"
	localTier     = "PREMIUM"
	localDaily    = 1_000
	localMonthly  = 10_000
)

func (a *App) apiHandler(ctx context.Context, generations *generation.Service, rooms *room.Service, hub *realtime.Hub) (http.Handler, error) {
	deps := httpapi.Deps{
		Users: a.users, Generations: generations, Rooms: rooms, Sockets: hub, SocketIO: hub.SocketIO(), Health: a.health, Web: web.Handler(),
		Log: a.log, Unavailable: postgres.Unavailable, Origins: a.cfg.FrontendURLs, ClientIP: a.clientIP,
	}
	if a.home != nil {
		daily, monthly := localDaily, localMonthly
		profile, err := a.users.EnsureLocal(ctx, user.EnsureParams{
			Username: localUsername, Tier: localTier, DailyLimit: &daily, MonthlyLimit: &monthly,
		})
		if err != nil {
			return nil, err
		}
		a.localUser = profile
		if a.cfg.Loopback() { // told to listen elsewhere it is a server like any other
			deps.LocalSignIn = &httpapi.LocalSignIn{UserID: profile.ID, Users: a.users, Tokens: a.tokens}
		}
	}
	return httpapi.New(deps), nil
}

// opsHandler is what a process without the API answers.
func (a *App) opsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", a.health.Live)
	mux.HandleFunc("GET /readyz", a.health.Ready)
	mux.HandleFunc("GET /health", a.health.Report)
	return mux
}
