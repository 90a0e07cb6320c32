package realtime

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/auth"
)

// people are the accounts of a run, who are the same for all systems.
type people struct {
	secret string
	ids    []uuid.UUID
	tokens []string
	room   uuid.UUID // of as many of them as a room may have
}

// maxMembers is how many a room of Son1k's may have.
const maxMembers = 5_000

const tokenTTL = 24 * time.Hour

func newPeople(n int) (p people, err error) {
	p.room = uuid.New()
	p.secret = rand.Text() + rand.Text()
	issuer, err := auth.NewTokens([]byte(p.secret))
	if err != nil {
		return p, err
	}
	for range n {
		id := uuid.New()
		token, err := issuer.Issue(id, tokenTTL, time.Now())
		if err != nil {
			return p, err
		}
		p.ids, p.tokens = append(p.ids, id), append(p.tokens, token)
	}
	return p, nil
}

// register makes accounts and a room of them, and the table of the writes cell.
func (p people) register(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	defer conn.Close(ctx)
	members := p.ids[:min(len(p.ids), maxMembers)]
	var b pgx.Batch // one transaction: a room needs its owner to be a member
	b.Queue(`INSERT INTO users (id, username) SELECT id, 'person ' || n FROM unnest($1::uuid[]) WITH ORDINALITY AS t (id, n)`, p.ids)
	b.Queue(`INSERT INTO rooms (id, name, owner_id) VALUES ($1, 'everybody', $2)`, p.room, members[0])
	b.Queue(`INSERT INTO room_members (room_id, user_id, role)
		SELECT $1, id, CASE id WHEN $2 THEN 'owner' ELSE 'member' END FROM unnest($3::uuid[]) AS t (id)`, p.room, members[0], members)
	b.Queue("CREATE TABLE bench_write (id bigserial PRIMARY KEY, body text NOT NULL)")
	if err := conn.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	return nil
}

func (p people) roomTopic() string { return "room:" + p.room.String() }

// topics are the own topics of the first n of them.
func (p people) topics(n int) []string {
	topics := make([]string, n)
	for i := range topics {
		topics[i] = "user:" + p.ids[i].String()
	}
	return topics
}
