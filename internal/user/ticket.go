package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"son1k/internal/auth"
	"son1k/internal/queries"
)

// IssueTicket makes a ticket that opens one WebSocket as p within 30 s, and
// says when it expires. It fails with TOKEN_INVALID if the user is gone.
func (s *Service) IssueTicket(ctx context.Context, p auth.Principal) (ticket string, expires time.Time, err error) {
	ticket, hash := auth.NewSecret(auth.TicketSecret)
	params := queries.TicketInsertParams{TokenHash: hash[:], UserID: p.UserID}
	if !p.ExpiresAt.IsZero() {
		params.SessionExpiresAt = &p.ExpiresAt
	}
	expires, err = s.q.TicketInsert(ctx, s.pool, params)
	if violates(err, ticketsUser) {
		return "", time.Time{}, auth.Invalid(err)
	}
	if err != nil {
		return "", time.Time{}, fmt.Errorf("issue ticket: %w", err)
	}
	return ticket, expires, nil
}

// RedeemTicket uses a ticket up and returns its principal, who has the rights
// of now and the expiry of the access token that asked for the ticket. It
// fails with TICKET_INVALID.
func (s *Service) RedeemTicket(ctx context.Context, ticket string) (auth.Principal, error) {
	if !auth.TicketSecret.Matches(ticket) {
		return auth.Principal{}, ticketInvalid()
	}
	row, err := s.q.TicketRedeem(ctx, s.pool, secretHash(ticket))
	if errors.Is(err, pgx.ErrNoRows) {
		return auth.Principal{}, ticketInvalid()
	}
	if err != nil {
		return auth.Principal{}, fmt.Errorf("redeem ticket: %w", err)
	}
	var expires time.Time
	if row.SessionExpiresAt != nil {
		expires = *row.SessionExpiresAt
	}
	a := account{id: row.ID, username: row.Username, tier: row.Tier, admin: row.IsAdmin}
	return a.principal(expires), nil
}
