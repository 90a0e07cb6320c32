package user

import (
	"context"
	"crypto/rand"
	"fmt"

	"golang.org/x/sync/semaphore"

	"son1k/internal/apperr"
)

// hasher hashes passwords, a bounded number at once: a flood of sign-ins waits
// its turn instead of taking all memory and processors.
type hasher struct {
	cost  PasswordCost
	slots *semaphore.Weighted
	decoy passwordHash
}

func newHasher(cost PasswordCost, slots int) *hasher {
	decoy := passwordHash{cost: cost, salt: randomBytes(saltBytes), key: randomBytes(keyBytes)}
	if !decoy.sane() {
		panic(fmt.Sprintf("user: password cost %+v is out of range", cost))
	}
	return &hasher{cost: cost, slots: semaphore.NewWeighted(int64(slots)), decoy: decoy}
}

// hash returns the PHC string of password. It fails with AUTH_BUSY if ctx ends
// before it is this caller's turn.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.slots.Release(1)
	p := passwordHash{cost: h.cost, salt: randomBytes(saltBytes)}
	p.key = h.cost.key(password, p.salt, keyBytes)
	return p.String(), nil
}

// verify reports whether password belongs to the stored hash, and whether that
// was made at another cost than is asked for today. Without a stored hash it
// does the same work for nothing, so that the time taken does not tell who has
// an account. It fails with AUTH_BUSY like hash.
func (h *hasher) verify(ctx context.Context, password string, stored *string) (ok, outdated bool, err error) {
	p := h.decoy
	if stored != nil {
		if p, err = parseHash(*stored); err != nil {
			return false, false, err
		}
	}
	if err := h.acquire(ctx); err != nil {
		return false, false, err
	}
	defer h.slots.Release(1)
	ok = p.matches(password) && stored != nil
	return ok, p.cost != h.cost, nil
}

func (h *hasher) acquire(ctx context.Context) error {
	if err := h.slots.Acquire(ctx, 1); err != nil {
		return apperr.Wrap(err, apperr.Unavailable, CodeAuthBusy, "Too many people sign in right now. Try again in a moment.")
	}
	return nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: it ends the process instead
	return b
}
