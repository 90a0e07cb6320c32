package httpapi

import (
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"son1k/internal/auth"
	"son1k/internal/generation"
	"son1k/internal/realtime"
	"son1k/internal/room"
	"son1k/internal/user"
)

// Deps are what the API works with. All but LocalSignIn are required.
type Deps struct {
	Users       *user.Service
	Generations *generation.Service
	Rooms       *room.Service
	Sockets     http.Handler // serves GET /ws
	SocketIO    http.Handler // serves /socket.io/, with its own CORS
	Health      Health
	Web         http.Handler // serves the pages
	Log         *slog.Logger
	Unavailable func(error) bool // whether an error means that the database is away
	Origins     []string         // that may call from a browser
	ClientIP    func(remoteAddr string, header http.Header) string
	LocalSignIn *LocalSignIn // nil: nobody is signed in without credentials
}

// Health answers the questions of load balancers and people.
type Health interface {
	Live(w http.ResponseWriter, r *http.Request)
	Ready(w http.ResponseWriter, r *http.Request)
	Report(w http.ResponseWriter, r *http.Request)
}

// New returns the handler of everything that the server answers.
func New(d Deps) http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = errorHandler(d.Log, d.Unavailable)
	e.IPExtractor = func(r *http.Request) string { return d.ClientIP(r.RemoteAddr, r.Header) }
	e.Use(withRequestID, withLog(d.Log), withSecurityHeaders, cors(d.Origins), withRecover)

	e.GET("/livez", echo.WrapHandler(http.HandlerFunc(d.Health.Live)))
	e.GET("/readyz", echo.WrapHandler(http.HandlerFunc(d.Health.Ready)))
	e.GET("/health", echo.WrapHandler(http.HandlerFunc(d.Health.Report)))
	e.GET("/ws", echo.WrapHandler(d.Sockets))
	e.Any("/socket.io/", echo.WrapHandler(d.SocketIO))
	e.GET("/asyncapi.json", echo.WrapHandler(realtime.AsyncAPI()))

	api := e.Group("/api")
	signedIn := requireUser(d.Users)
	(&authHandlers{users: d.Users, local: d.LocalSignIn}).routes(api.Group("/auth"), signedIn)
	(&generationHandlers{generations: d.Generations, users: d.Users}).routes(api.Group("/generation"), signedIn)
	(&roomHandlers{rooms: d.Rooms}).routes(api.Group("/collaboration"), signedIn)

	pages := echo.WrapHandler(d.Web)
	e.GET("/", pages)
	e.GET("/favicon.ico", pages)
	e.GET("/son1k.js", pages)
	e.GET("/static/*", pages)
	return e
}

func cors(origins []string) echo.MiddlewareFunc {
	if len(origins) == 0 {
		return func(next echo.HandlerFunc) echo.HandlerFunc { return next }
	}
	return middleware.CORSWithConfig(middleware.CORSConfig{
		AllowOrigins:  origins,
		AllowMethods:  []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete},
		AllowHeaders:  []string{"Authorization", "Content-Type", "Idempotency-Key", "X-Request-ID", "Range", "traceparent"},
		ExposeHeaders: []string{"Location", "X-Request-ID", "Retry-After", "Content-Range", "Accept-Ranges", "ETag"},
		MaxAge:        600,
	})
}

// requireUser lets only signed-in people through.
func requireUser(users *user.Service) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			p, err := principal(c, users)
			if err != nil {
				return err
			}
			c.SetRequest(c.Request().WithContext(auth.WithPrincipal(c.Request().Context(), p)))
			return next(c)
		}
	}
}

// principal reads who calls from the Authorization header.
func principal(c echo.Context, users *user.Service) (auth.Principal, error) {
	token, err := auth.Bearer(c.Request().Header.Get("Authorization"))
	if err != nil {
		return auth.Principal{}, err
	}
	return users.Authenticate(c.Request().Context(), token)
}

// caller is the principal that requireUser has let through.
func caller(c echo.Context) auth.Principal {
	p, ok := auth.From(c.Request().Context())
	if !ok {
		panic("httpapi: route without requireUser")
	}
	return p
}
