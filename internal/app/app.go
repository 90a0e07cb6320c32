// Package app is the composition root: it builds everything, and starts and
// stops it in order. The end-to-end tests boot this same struct.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/auth"
	"son1k/internal/config"
	"son1k/internal/events"
	"son1k/internal/generation"
	"son1k/internal/httpapi"
	"son1k/internal/lifecycle"
	"son1k/internal/notify"
	"son1k/internal/ops"
	"son1k/internal/postgres"
	"son1k/internal/presence"
	"son1k/internal/provider"
	"son1k/internal/provider/synth"
	"son1k/internal/queue"
	"son1k/internal/realtime"
	"son1k/internal/room"
	"son1k/internal/user"
)

// Role says which parts a process runs.
type Role struct{ API, Worker bool }

// Options of an App.
type Options struct {
	Config  config.Config
	Log     *slog.Logger
	Version string
	Role    Role
	// Provider takes the place of the configured one, for tests.
	Provider provider.Provider
}

// App is a whole process. Start it, wait, Stop it.
type App struct {
	opt  Options
	cfg  config.Config
	log  *slog.Logger
	home *Home // nil unless the database is the private one

	dsn, listenDSN string
	pool           *pgxpool.Pool
	tokens         *auth.Tokens
	users          *user.Service
	localUser      user.Profile
	clientIP       func(remoteAddr string, header http.Header) string
	health         *ops.Health
	server         *server
	group          lifecycle.Group
}

// New returns an App that has done nothing yet.
func New(opt Options) *App {
	return &App{opt: opt, cfg: opt.Config, log: opt.Log}
}

// Start brings everything up. If it fails, or ctx ends first, what was started
// is stopped again.
func (a *App) Start(ctx context.Context) error {
	if err := a.start(ctx); err != nil {
		a.Stop()
		return err
	}
	return nil
}

func (a *App) start(ctx context.Context) error {
	if err := a.openDatabase(ctx); err != nil {
		return err
	}
	if err := a.build(ctx); err != nil {
		return err
	}
	if err := a.group.Start(ctx); err != nil {
		return err
	}
	a.health.SetReady(true)
	return nil
}

// openDatabase starts the private server if there is no other, migrates, and
// opens the pool.
func (a *App) openDatabase(ctx context.Context) error {
	a.dsn = a.cfg.DatabaseURL.Reveal()
	a.listenDSN = a.cfg.DatabaseListenURL.Reveal()
	secret := []byte(a.cfg.JWTSecret.Reveal())
	if a.cfg.Embedded() {
		home, err := OpenHome(ctx, a.cfg, a.log)
		if err != nil {
			return err
		}
		a.home, a.dsn = home, home.DSN
		if len(secret) == 0 {
			secret = home.Secret
		}
	}
	if a.listenDSN == "" {
		a.listenDSN = a.dsn
	}
	if err := postgres.Migrate(ctx, a.listenDSN, a.log); err != nil {
		return err
	}
	var err error
	if a.tokens, err = auth.NewTokens(secret); err != nil {
		return err
	}
	a.pool, err = postgres.Open(ctx, a.dsn, a.cfg.DatabasePoolSize, "son1k")
	return err
}

// build makes the parts and puts them in the order in which they start; they
// stop in the reverse order.
func (a *App) build(ctx context.Context) error {
	a.users = user.New(a.pool, a.tokens, user.Options{LocalAccounts: a.cfg.LocalAccounts(), Log: a.log})
	links, err := generation.NewLinks(a.cfg.PublicURL, a.linkSecret())
	if err != nil {
		return err
	}
	proxies, err := a.cfg.ProxyNetworks()
	if err != nil {
		return err
	}
	a.clientIP = httpapi.ClientIP(proxies)
	sender := notify.NewSender(a.listenDSN, a.log)
	listener := notify.NewListener(a.listenDSN, a.log)
	publisher := events.NewPublisher(sender)
	jobs := queue.NewClient(a.pool, sender)
	generations := generation.New(generation.Deps{Pool: a.pool, Queue: jobs, Events: publisher, Links: links, Log: a.log})

	rooms := room.New(room.Deps{Pool: a.pool, Events: publisher, Log: a.log})

	a.group.Add(sender)
	a.health = a.newHealth(jobs, listener)
	var worker *queue.Worker
	if a.opt.Role.Worker {
		if err := jobs.SetDefaults(ctx, generation.Queue, queue.Limits{Rate: defaultRate, Window: time.Second}); err != nil {
			return err
		}
		if worker, err = a.newWorker(publisher, links, sender); err != nil {
			return err
		}
		worker.Listen(listener)
		jobs.Attach(worker)
	}
	var feed *events.Feed
	if a.opt.Role.API {
		feed = events.NewFeed(a.pool, a.log)
		feed.Listen(listener)
		a.group.Add(feed)
	}
	relay := realtime.NewRelay(publisher, presence.NewReader(a.pool), a.log)
	var hub *realtime.Hub
	if a.opt.Role.API {
		var tracker *presence.Tracker
		tracker, hub = a.newHub(realtime.Config{
			Feed: feed, Publisher: publisher, Notify: sender, Snapshots: generations, Rooms: roomDoor{rooms},
		})
		hub.Listen(listener)
		a.group.Add(tracker)
	}
	a.group.Add(listener, relay, a.newUpkeep(jobs, publisher, generations))
	if worker != nil {
		a.group.Add(worker)
	}
	if !a.opt.Role.API {
		return a.addServer(a.opsHandler())
	}
	a.group.Add(hub)
	handler, err := a.apiHandler(ctx, generations, rooms, hub)
	if err != nil {
		return err
	}
	return a.addServer(handler)
}

// newHub returns a hub with what all of its kind have, and the tracker of who is
// connected to it.
func (a *App) newHub(cfg realtime.Config) (tracker *presence.Tracker, hub *realtime.Hub) {
	tracker = presence.NewTracker(a.pool, a.log, func(c presence.Change) { hub.PresenceChanged(c) })
	cfg.Presence, cfg.Auth, cfg.Log = tracker, a.users, a.log
	cfg.Origins, cfg.ClientIP = a.cfg.FrontendURLs, a.clientIP
	cfg.Limits = realtime.Limits{PerUser: a.cfg.SocketsPerUser, PerIP: a.cfg.SocketsPerIP}
	hub = realtime.NewHub(cfg)
	return tracker, hub
}

// linkSecret signs audio links. It is derived, so that a leak of one key is
// not a leak of the other.
func (a *App) linkSecret() []byte {
	key := a.tokens.Derive("audio links", "")
	return key[:]
}

// defaultRate is how many songs are begun a second, on all workers, until
// somebody sets another limit: what music vendors bear.
const defaultRate = 10

func (a *App) newWorker(publisher *events.Publisher, links *generation.Links, sender *notify.Sender) (*queue.Worker, error) {
	vendor := a.opt.Provider
	if vendor == nil {
		vendor = synth.New(synth.WithPace(a.cfg.SynthPace))
	}
	return queue.NewWorker(queue.WorkerConfig{
		Pool: a.pool, Log: a.log, Notify: sender, Queue: generation.Queue, Version: a.opt.Version,
		Concurrency: a.cfg.WorkerConcurrency,
		SoftStop:    a.cfg.ShutdownTimeout / 3,
		Handlers: []queue.Handler{generation.NewHandler(generation.HandlerDeps{
			Pool: a.pool, Events: publisher, Links: links, Provider: vendor, Log: a.log,
		})},
	})
}

func (a *App) newHealth(jobs *queue.Client, listener *notify.Listener) *ops.Health {
	return ops.NewHealth(ops.HealthConfig{
		Version: a.opt.Version, Environment: a.cfg.Environment,
		Checks: []ops.Check{
			{Name: "database", Essential: true, Run: a.pool.Ping},
			{Name: "events", Run: func(context.Context) error {
				if !listener.Connected() {
					return errors.New("the listener is not connected")
				}
				return nil
			}},
			{Name: "workers", Run: func(ctx context.Context) error {
				capacity, err := jobs.Capacity(ctx, a.pool, generation.Queue)
				if err == nil && capacity.Workers == 0 {
					err = errors.New("no live worker")
				}
				return err
			}},
		},
		Depth: func(ctx context.Context) (waiting, running int, err error) {
			return jobs.Depth(ctx, a.pool, generation.Queue)
		},
	})
}

func (a *App) addServer(handler http.Handler) error {
	address := net.JoinHostPort(a.cfg.ListenHost(), strconv.Itoa(int(a.cfg.Port)))
	var err error
	a.server, err = newServer(address, handler, a.health, a.log)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	a.group.Add(a.server)
	return nil
}

// Addr is the address that the process listens on, once started.
func (a *App) Addr() net.Addr { return a.server.Addr() }

// Stop takes everything down in order: it stops accepting requests and jobs,
// lets those under way finish, says goodbye to the sockets, and closes the
// database last. It may be called twice.
func (a *App) Stop() {
	if a.health != nil {
		a.health.SetReady(false)
	}
	a.group.Stop()
	if a.server != nil {
		a.server.Stop() // also if it was never started
	}
	if a.pool != nil {
		a.pool.Close()
	}
	if a.home != nil {
		a.home.Close()
	}
}
