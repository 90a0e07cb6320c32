package auth

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Principal is a caller whose identity is proven.
type Principal struct {
	UserID    uuid.UUID
	Username  string
	Tier      string // name in the table tiers
	Admin     bool
	ExpiresAt time.Time // when the proof ends and sockets must close; zero: never
}

type contextKey struct{}

// WithPrincipal returns a context that carries p.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the principal that ctx carries, and whether it carries one.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(contextKey{}).(Principal)
	return p, ok
}
