// Package room holds the rooms where people work together: who is in them, who
// may come, and what they say.
//
// # Who may do what
//
// Creating a room and inviting people needs the feature "collaboration" of
// one's tier; everything else is for everybody. A public room may be found,
// looked at and joined by anybody signed in, a private one joined by
// invitation; for everybody else it does not exist. Any member may invite, to
// public rooms too. Messages are written and read by members. The owner alone
// changes and deletes the room, removes members (who may come back where they
// may join), and hands the room over, to any member: that needs no feature. An
// owner leaves only after handing over, unless nobody else is there; then the
// room is deleted.
//
// If an account is deleted, a trigger (users_leave_rooms) gives its rooms to
// the member who has been there longest, or deletes them if there is none. That
// may give somebody more rooms than they could create. What the account said
// stays, by a "deleted user".
//
// # Order of locks
//
// Every transaction that changes a room, as does every message, takes its locks
// in this order, so that no two wait for each other:
//
//  1. the accounts concerned, in order of their ids: KEY SHARE, which keeps
//     them from being deleted; NO KEY UPDATE if the rooms they own are counted;
//  2. the room's row, FOR UPDATE;
//  3. members, invitations and messages of that room;
//  4. the event topics, the room's before a user's.
//
// What is read after step 2 (who is a member, with what role) holds until the
// commit. The deletion of an account goes the same way, through every room that
// has a trace of it, in order of their ids; it holds the account FOR UPDATE
// meanwhile. Delete one account a transaction: the second would be locked after
// the rooms of the first.
//
// # Events
//
// A message is the event collaboration_message, every other change of a room
// (all but its creation, which nobody can follow) the event room_notification,
// both on the room's topic and appended by the transaction that makes the
// change; an invitation is a notification on the topic of whom it is for. Since
// all of them hold the room, messages have the same order in the log, by id and
// by time.
package room
