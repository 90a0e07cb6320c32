package room

import (
	"time"

	"github.com/google/uuid"

	"son1k/internal/queries"
)

// Room is a room as those see it who may.
type Room struct {
	ID          uuid.UUID `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	IsPublic    bool      `json:"isPublic"`
	OwnerID     uuid.UUID `json:"ownerId"`
	// Members begins with who has been there longest. It is not all of them:
	// MemberCount says how many there are.
	Members     []Member  `json:"members"`
	MemberCount int       `json:"memberCount"`
	CreatedAt   time.Time `json:"createdAt"`
	UpdatedAt   time.Time `json:"updatedAt"` // of name, description, visibility or owner
}

// The roles of members.
const (
	RoleOwner  = "owner"
	RoleMember = "member"
)

// Member is a person in a room.
type Member struct {
	ID       uuid.UUID `json:"id"`
	Username string    `json:"username"`
	Tier     string    `json:"tier"`
	Role     string    `json:"role"`
	JoinedAt time.Time `json:"joinedAt"`
}

// Person is what others see of an account.
type Person struct {
	ID       uuid.UUID `json:"id"`
	Username string    `json:"username"`
	Tier     string    `json:"tier"`
}

// Summary is a room without its members.
type Summary struct {
	ID          uuid.UUID `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	IsPublic    bool      `json:"isPublic"`
	OwnerID     uuid.UUID `json:"ownerId"`
}

// Pagination tells which page of how many.
type Pagination struct {
	Page  int   `json:"page"` // from 1
	Limit int   `json:"limit"`
	Total int64 `json:"total"`
	Pages int64 `json:"pages"`
}

// Page is a page of rooms, the newest first. Each shows the first 20 members
// at most.
type Page struct {
	Rooms      []Room     `json:"rooms"`
	Pagination Pagination `json:"pagination"`
}

func summaryOf(r queries.Room) Summary {
	return Summary{ID: r.ID, Name: r.Name, Description: r.Description, IsPublic: r.IsPublic, OwnerID: r.OwnerID}
}

func viewOf(r queries.Room, members []Member) Room {
	if members == nil {
		members = []Member{}
	}
	return Room{
		ID: r.ID, Name: r.Name, Description: r.Description, IsPublic: r.IsPublic, OwnerID: r.OwnerID,
		Members: members, MemberCount: int(r.MemberCount), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}
