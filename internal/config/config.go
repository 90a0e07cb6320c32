// Package config reads the environment into one validated struct. Nothing else
// in the program looks at environment variables.
package config

import (
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config is everything that can be set. The help tags are what `son1k config`
// and the README say of each variable.
type Config struct {
	DatabaseURL       Secret        `env:"DATABASE_URL" help:"Postgres 15–18. Empty: a private server under SON1K_HOME"`
	DatabaseListenURL Secret        `env:"DATABASE_LISTEN_URL" help:"The same database without a transaction pooler, for LISTEN and migrations. Default: DATABASE_URL"`
	DatabasePoolSize  int32         `env:"DATABASE_POOL_SIZE" envDefault:"20" help:"Connections per process"`
	Home              string        `env:"SON1K_HOME" envDefault:".son1k" help:"Folder of the private server"`
	PGBin             string        `env:"PGBIN" help:"Folder with the Postgres programs for the private server. Default: found"`
	Host              string        `env:"HOST" help:"Address to listen on. Default: 127.0.0.1 with the private server, else all"`
	Port              uint16        `env:"PORT" envDefault:"3001" help:"Port to listen on"`
	PublicURL         string        `env:"PUBLIC_URL" help:"Where the world reaches the API; makes links absolute"`
	FrontendURLs      []string      `env:"FRONTEND_URL" help:"Origins that may call from a browser, separated by commas"`
	JWTSecret         Secret        `env:"JWT_SECRET" help:"Signs access tokens and audio links, at least 32 bytes. The private server makes its own"`
	AuthLocal         *bool         `env:"AUTH_LOCAL" help:"Whether people can register with a password. Default: only with the private server"`
	WorkerConcurrency int           `env:"WORKER_CONCURRENCY" envDefault:"5" help:"Songs that one worker process makes at once"`
	TrustedProxies    []string      `env:"TRUSTED_PROXIES" help:"Networks of the proxies in front, as 10.0.0.0/8, separated by commas; only they may say who calls"`
	SocketsPerUser    int           `env:"SOCKETS_PER_USER" envDefault:"50" help:"WebSockets of one person at a time, on all replicas; 0: any number"`
	SocketsPerIP      int           `env:"SOCKETS_PER_IP" envDefault:"500" help:"WebSockets from one address at a time, on all replicas; 0: any number"`
	SynthPace         float64       `env:"SYNTH_PACE" envDefault:"0" help:"Slows the synthesizer to this many times real time; 0: as fast as it can"`
	ShutdownTimeout   time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"30s" help:"Time to stop in; unfinished songs go back to the queue"`
	Environment       string        `env:"ENVIRONMENT" envDefault:"development" help:"Name shown by /health"`
	LogLevel          slog.Level    `env:"LOG_LEVEL" envDefault:"INFO" help:"DEBUG, INFO, WARN or ERROR"`
	LogFormat         string        `env:"LOG_FORMAT" envDefault:"auto" help:"json, text, or auto: text on a terminal"`
}

// Secret is a string that does not show itself in logs and errors.
type Secret string

// String implements fmt.Stringer.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "********"
}

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler, for JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

var _ encoding.TextMarshaler = Secret("")

// Load reads the environment. Its error lists every problem, one a line.
func Load(environ []string) (Config, error) {
	var c Config
	err := env.ParseWithOptions(&c, env.Options{Environment: toMap(environ)})
	var problems []error
	var all env.AggregateError
	switch {
	case errors.As(err, &all):
		for _, e := range all.Errors {
			problems = append(problems, readable(e))
		}
	case err != nil:
		problems = append(problems, err)
	}
	problems = append(problems, c.validate()...)
	return c, errors.Join(problems...)
}

// readable names the variable rather than the field of the struct, and leaves
// its value out: it may be a secret.
func readable(err error) error {
	var parse env.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	field, ok := reflect.TypeFor[Config]().FieldByName(parse.Name)
	if !ok {
		return err
	}
	return fmt.Errorf("%s: not a valid %s", field.Tag.Get("env"), parse.Type)
}

func toMap(environ []string) map[string]string {
	m := make(map[string]string, len(environ))
	for _, kv := range environ {
		k, v, _ := strings.Cut(kv, "=")
		m[k] = v
	}
	return m
}

// MinSecret is the least number of bytes of a secret.
const MinSecret = 32

func (c *Config) validate() (problems []error) {
	check := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	for name, dsn := range map[string]Secret{"DATABASE_URL": c.DatabaseURL, "DATABASE_LISTEN_URL": c.DatabaseListenURL} {
		_, err := pgxpool.ParseConfig(dsn.Reveal())
		check(dsn == "" || err == nil, "%s: not a Postgres connection string", name)
	}
	check(c.DatabaseListenURL == "" || c.DatabaseURL != "", "DATABASE_LISTEN_URL: needs DATABASE_URL")
	check(c.JWTSecret == "" || len(c.JWTSecret) >= MinSecret, "JWT_SECRET: must be at least %d bytes long", MinSecret)
	check(c.Embedded() || c.JWTSecret != "", "JWT_SECRET: is needed with DATABASE_URL; make one with: openssl rand -base64 48")
	check(c.PublicURL == "" || isOrigin(c.PublicURL), "PUBLIC_URL: must be like https://api.example.com, without a path")
	for _, origin := range c.FrontendURLs {
		check(isOrigin(origin), "FRONTEND_URL: %q must be like https://app.example.com, without a path", origin)
	}
	_, hostErr := netip.ParseAddr(c.Host)
	check(c.Host == "" || c.Host == "localhost" || hostErr == nil, "HOST: must be an IP address or localhost")
	check(c.DatabasePoolSize >= 4, "DATABASE_POOL_SIZE: must be at least 4")
	check(c.WorkerConcurrency >= 1 && c.WorkerConcurrency <= 1000, "WORKER_CONCURRENCY: must be between 1 and 1000")
	_, proxyErr := c.ProxyNetworks()
	check(proxyErr == nil, "TRUSTED_PROXIES: must be networks like 10.0.0.0/8 or 2001:db8::/32, separated by commas")
	check(c.SocketsPerUser >= 0, "SOCKETS_PER_USER: must not be negative")
	check(c.SocketsPerIP >= 0, "SOCKETS_PER_IP: must not be negative")
	check(c.SynthPace >= 0, "SYNTH_PACE: must not be negative")
	check(c.ShutdownTimeout >= time.Second, "SHUTDOWN_TIMEOUT: must be at least 1s")
	check(c.LogFormat == "json" || c.LogFormat == "text" || c.LogFormat == "auto", "LOG_FORMAT: must be json, text or auto")
	return problems
}

// ProxyNetworks are the networks of TRUSTED_PROXIES.
func (c *Config) ProxyNetworks() ([]*net.IPNet, error) {
	var networks []*net.IPNet
	for _, text := range c.TrustedProxies {
		_, network, err := net.ParseCIDR(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// isOrigin reports whether s is scheme://host[:port] as browsers send it.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && s == u.Scheme+"://"+u.Host
}

// Embedded reports whether the program brings its own Postgres.
func (c *Config) Embedded() bool { return c.DatabaseURL == "" }

// LocalAccounts reports whether people can register with a password.
func (c *Config) LocalAccounts() bool {
	if c.AuthLocal != nil {
		return *c.AuthLocal
	}
	return c.Embedded()
}

// ListenHost is the address to listen on; empty means all.
func (c *Config) ListenHost() string {
	if c.Host == "" && c.Embedded() {
		return "127.0.0.1"
	}
	return c.Host
}

// Loopback reports whether only this machine can reach the process.
func (c *Config) Loopback() bool {
	host := c.ListenHost()
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// Logger returns a logger that writes to f as configured.
func (c *Config) Logger(f *os.File) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.LogLevel}
	text := c.LogFormat == "text"
	if c.LogFormat == "auto" {
		info, err := f.Stat()
		text = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	if text {
		return slog.New(slog.NewTextHandler(f, opts))
	}
	return slog.New(slog.NewJSONHandler(f, opts))
}

// Variable is one setting, as shown to people.
type Variable struct {
	Name, Value, Default, Help string
}

// Variables lists the settings in order, secrets masked.
func (c *Config) Variables() []Variable {
	v := reflect.ValueOf(*c)
	var out []Variable
	for _, f := range reflect.VisibleFields(v.Type()) {
		field := v.FieldByIndex(f.Index)
		out = append(out, Variable{
			Name: f.Tag.Get("env"), Value: show(field), Default: f.Tag.Get("envDefault"), Help: f.Tag.Get("help"),
		})
	}
	return out
}

func show(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return ""
	case v.Kind() == reflect.Pointer:
		v = v.Elem()
	}
	if list, ok := v.Interface().([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(v.Interface())
}
