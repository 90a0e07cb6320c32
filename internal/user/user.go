package user

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/auth"
	"son1k/internal/queries"
)

// Options changes how a Service works. The zero value is safe: no local
// accounts, and the defaults below.
type Options struct {
	// LocalAccounts lets people register and sign in with a password.
	LocalAccounts bool
	// PasswordCost is the work that a password hash takes, up to 256 MiB, 32
	// passes and 16 lanes; zero means DefaultPasswordCost.
	PasswordCost PasswordCost
	// MaxHashes is how many passwords are hashed at once, each taking
	// PasswordCost.MemoryKiB; zero means one per processor.
	MaxHashes int
	// CacheTTL is for how long a change of tier or admin rights, made by
	// another process, may go unnoticed; zero means 3 s.
	CacheTTL time.Duration
	// CacheSize is the number of people kept in memory; zero means 10000.
	CacheSize int
	// Now is the clock that access tokens are verified by; nil means time.Now.
	Now func() time.Time
	// Log takes what is worth knowing but fails nobody's request; nil means
	// slog.Default().
	Log *slog.Logger
}

// Service is the use cases around accounts. It is safe for concurrent use.
type Service struct {
	pool      *pgxpool.Pool
	q         *queries.Queries
	tokens    *auth.Tokens
	local     bool
	passwords *hasher
	accounts  *recent[account]
	tiers     *recent[[]Tier]
	now       func() time.Time
	log       *slog.Logger
}

// New returns the service on pool, whose access tokens are those of tokens.
// It starts nothing that needs stopping, and panics if a password cost is out
// of range.
func New(pool *pgxpool.Pool, tokens *auth.Tokens, opts Options) *Service {
	opts = opts.withDefaults()
	s := &Service{
		pool:      pool,
		q:         queries.New(),
		tokens:    tokens,
		local:     opts.LocalAccounts,
		passwords: newHasher(opts.PasswordCost, opts.MaxHashes),
		now:       opts.Now,
		log:       opts.Log,
	}
	s.accounts = newRecent(opts.CacheTTL, opts.CacheSize, opts.Now, s.loadAccount)
	s.tiers = newRecent(opts.CacheTTL, 1, opts.Now, s.loadTiers)
	return s
}

func (o Options) withDefaults() Options {
	if o.PasswordCost == (PasswordCost{}) {
		o.PasswordCost = DefaultPasswordCost
	}
	if o.MaxHashes <= 0 {
		o.MaxHashes = runtime.GOMAXPROCS(0)
	}
	if o.CacheTTL <= 0 {
		o.CacheTTL = 3 * time.Second
	}
	if o.CacheSize <= 0 {
		o.CacheSize = 10_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}
