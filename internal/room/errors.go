package room

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"son1k/internal/apperr"
	"son1k/internal/queries"
)

// Codes of the errors of this package, beside VALIDATION_ERROR.
const (
	CodeRoomNotFound       = "ROOM_NOT_FOUND"       // NotFound
	CodeMemberNotFound     = "MEMBER_NOT_FOUND"     // NotFound
	CodeUserNotFound       = "USER_NOT_FOUND"       // NotFound
	CodeInvitationNotFound = "INVITATION_NOT_FOUND" // NotFound
	CodeNotOwner           = "NOT_OWNER"            // Forbidden
	CodeInsufficientTier   = "INSUFFICIENT_TIER"    // Forbidden
	CodeOwnerMustHandOver  = "OWNER_MUST_HAND_OVER" // Conflict
	CodeRoomFull           = "ROOM_FULL"            // Conflict
	CodeTooManyRooms       = "TOO_MANY_ROOMS"       // Conflict
	CodeAuthRequired       = "AUTH_REQUIRED"        // Unauthenticated
)

// memberLimit is the constraint that bounds a room. A test compares its name
// with the schema.
const memberLimit = "rooms_member_count_check"

// violates reports whether err is the violation of the named constraint.
func violates(err error, constraint string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.ConstraintName == constraint
}

func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// errNotFound is the answer for rooms that do not exist and for those that the
// caller must not know of.
func errNotFound() error {
	return apperr.New(apperr.NotFound, CodeRoomNotFound, "There is no such room, or you are not in it.")
}

func errNoMember() error {
	return apperr.New(apperr.NotFound, CodeMemberNotFound, "This person is not in the room.")
}

func errNoUser() error {
	return apperr.New(apperr.NotFound, CodeUserNotFound, "There is no such user.")
}

func errNoInvitation() error {
	return apperr.New(apperr.NotFound, CodeInvitationNotFound, "There is no such invitation (any more).")
}

func errNoAccount() error {
	return apperr.New(apperr.Unauthenticated, CodeAuthRequired, "This account does not exist any more.")
}

func errNotOwner() error {
	return apperr.New(apperr.Forbidden, CodeNotOwner, "Only the owner of the room can do this.")
}

func errMustHandOver() error {
	return apperr.New(apperr.Conflict, CodeOwnerMustHandOver,
		"You own this room. Hand it over to another member first, or delete it.")
}

func errTooManyRooms(whose string) error {
	return apperr.New(apperr.Conflict, CodeTooManyRooms,
		fmt.Sprintf("%s %d rooms already, which is the most. Delete one or hand it over.", whose, MaxOwned))
}

// full turns the violation of the limit of members into the answer for people.
func full(err error) error {
	if violates(err, memberLimit) {
		return apperr.Wrap(err, apperr.Conflict, CodeRoomFull, "This room is full.")
	}
	return err
}

func errTier(f queries.RoomFeatureRow) error {
	remedy := "No tier can at the moment."
	if len(f.OfferedBy) > 0 {
		remedy = fmt.Sprintf("Upgrade to %s.", strings.Join(f.OfferedBy, " or "))
	}
	return apperr.New(apperr.Forbidden, CodeInsufficientTier,
		fmt.Sprintf("With the %s tier you can join rooms, but neither create them nor invite people. %s", f.Tier, remedy))
}
