package room

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/queries"
)

// featureCollaboration is the feature of a tier that lets people create rooms
// and invite others.
const featureCollaboration = "collaboration"

// CreateParams describes a new room.
type CreateParams struct {
	Name        string // 1 to 100 characters
	Description string // up to 500
	IsPublic    bool
}

// Create makes a room that the user owns. It fails with VALIDATION_ERROR,
// INSUFFICIENT_TIER or TOO_MANY_ROOMS.
func (s *Service) Create(ctx context.Context, userID uuid.UUID, p CreateParams) (Room, error) {
	p.Name, p.Description = strings.TrimSpace(p.Name), strings.TrimSpace(p.Description)
	var bad invalid
	bad.add("name", checkName(p.Name))
	bad.add("description", checkDescription(p.Description))
	if err := bad.err(); err != nil {
		return Room{}, err
	}
	var made Room
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		made, err = s.createTx(ctx, tx, userID, p)
		return err
	})
	return made, err
}

func (s *Service) createTx(ctx context.Context, tx pgx.Tx, userID uuid.UUID, p CreateParams) (Room, error) {
	if _, err := s.lockPeople(ctx, tx, concerned{actor: userID, counts: true}); err != nil {
		return Room{}, err
	}
	if err := s.mayCollaborate(ctx, tx, userID); err != nil {
		return Room{}, err
	}
	if full, err := s.ownsEnough(ctx, tx, userID); err != nil || full {
		if full {
			err = errTooManyRooms("You own")
		}
		return Room{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Room{}, err
	}
	r, err := s.q.RoomInsert(ctx, tx, queries.RoomInsertParams{
		ID: id, Name: p.Name, Description: p.Description, IsPublic: p.IsPublic, OwnerID: userID,
	})
	if err != nil {
		return Room{}, fmt.Errorf("insert room: %w", err)
	}
	err = s.q.RoomMemberInsert(ctx, tx, queries.RoomMemberInsertParams{
		RoomID: id, UserID: userID, Role: RoleOwner, JoinedAt: r.CreatedAt,
	})
	if err != nil {
		return Room{}, fmt.Errorf("insert owner: %w", err)
	}
	r.MemberCount = 1 // a trigger has counted
	return s.view(ctx, tx, r)
}

// mayCollaborate fails with INSUFFICIENT_TIER for whose tier lacks the feature.
func (s *Service) mayCollaborate(ctx context.Context, tx pgx.Tx, userID uuid.UUID) error {
	f, err := s.q.RoomFeature(ctx, tx, queries.RoomFeatureParams{Feature: featureCollaboration, UserID: userID})
	if err != nil {
		return fmt.Errorf("read tier: %w", err)
	}
	if !f.Has {
		return errTier(f)
	}
	return nil
}

// ownsEnough reports whether somebody, whose account is locked for counting,
// owns as many rooms as one may.
func (s *Service) ownsEnough(ctx context.Context, tx pgx.Tx, userID uuid.UUID) (bool, error) {
	n, err := s.q.RoomCountOwned(ctx, tx, userID)
	if err != nil {
		return false, fmt.Errorf("count rooms: %w", err)
	}
	return n >= MaxOwned, nil
}
