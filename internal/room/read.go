package room

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"son1k/internal/queries"
)

// Get returns a room that the user is in, or a public one, with its first 200
// members at most. It fails with ROOM_NOT_FOUND.
func (s *Service) Get(ctx context.Context, userID, roomID uuid.UUID) (Room, error) {
	r, err := s.q.RoomVisible(ctx, s.pool, queries.RoomVisibleParams{ID: roomID, UserID: userID})
	if isNoRows(err) {
		return Room{}, errNotFound()
	}
	if err != nil {
		return Room{}, fmt.Errorf("read room: %w", err)
	}
	return s.view(ctx, s.pool, r)
}

// Membership returns the user as a member of the room. It fails with
// ROOM_NOT_FOUND for whoever is none.
func (s *Service) Membership(ctx context.Context, userID, roomID uuid.UUID) (Member, error) {
	m, err := s.q.RoomMember(ctx, s.pool, queries.RoomMemberParams{RoomID: roomID, UserID: userID})
	if isNoRows(err) {
		return Member{}, errNotFound()
	}
	if err != nil {
		return Member{}, fmt.Errorf("read member: %w", err)
	}
	return Member{ID: m.UserID, Username: m.Username, Tier: m.Tier, Role: m.Role, JoinedAt: m.JoinedAt.UTC()}, nil
}

// List returns a page of the rooms that the user is in. Pages count from 1.
func (s *Service) List(ctx context.Context, userID uuid.UUID, page, limit int) (Page, error) {
	total, err := s.q.RoomCountOf(ctx, s.pool, userID)
	if err != nil {
		return Page{}, fmt.Errorf("count rooms: %w", err)
	}
	rows, err := s.q.RoomListOf(ctx, s.pool, queries.RoomListOfParams{
		UserID: userID, MaxRows: int32(limit), SkipRows: int32((page - 1) * limit),
	})
	if err != nil {
		return Page{}, fmt.Errorf("list rooms: %w", err)
	}
	return s.page(ctx, rows, total, page, limit)
}

// Public returns a page of the public rooms, of those with the text search in
// name or description, without case, if it is not empty. Pages count from 1.
func (s *Service) Public(ctx context.Context, page, limit int, search string) (Page, error) {
	total, err := s.q.RoomCountPublic(ctx, s.pool, search)
	if err != nil {
		return Page{}, fmt.Errorf("count public rooms: %w", err)
	}
	rows, err := s.q.RoomListPublic(ctx, s.pool, queries.RoomListPublicParams{
		Search: search, MaxRows: int32(limit), SkipRows: int32((page - 1) * limit),
	})
	if err != nil {
		return Page{}, fmt.Errorf("list public rooms: %w", err)
	}
	return s.page(ctx, rows, total, page, limit)
}

func (s *Service) page(ctx context.Context, rows []queries.Room, total int64, page, limit int) (Page, error) {
	rooms, err := s.views(ctx, s.pool, rows, maxMembersEach)
	if err != nil {
		return Page{}, err
	}
	return Page{Rooms: rooms, Pagination: Pagination{
		Page: page, Limit: limit, Total: total, Pages: (total + int64(limit) - 1) / int64(limit),
	}}, nil
}

// view adds the members to a room.
func (s *Service) view(ctx context.Context, db queries.DBTX, r queries.Room) (Room, error) {
	rooms, err := s.views(ctx, db, []queries.Room{r}, maxMembers)
	if err != nil {
		return Room{}, err
	}
	return rooms[0], nil
}

func (s *Service) views(ctx context.Context, db queries.DBTX, rows []queries.Room, maxEach int32) ([]Room, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	members := make(map[uuid.UUID][]Member)
	if len(ids) > 0 {
		all, err := s.q.RoomMembers(ctx, db, queries.RoomMembersParams{RoomIds: ids, MaxEach: maxEach})
		if err != nil {
			return nil, fmt.Errorf("read members: %w", err)
		}
		for _, m := range all {
			members[m.RoomID] = append(members[m.RoomID], Member{
				ID: m.UserID, Username: m.Username, Tier: m.Tier, Role: m.Role, JoinedAt: m.JoinedAt.UTC(),
			})
		}
	}
	views := make([]Room, len(rows))
	for i, r := range rows {
		views[i] = viewOf(r, members[r.ID])
	}
	return views, nil
}
