// Package notify carries short messages between the processes that share a
// Postgres, over LISTEN and NOTIFY.
//
// A transaction that notifies takes a lock at commit that serialises it with
// every other notifying transaction of the cluster. So nobody notifies inside
// a working transaction here: after its commit a process hands the message to
// its one Sender, which has a connection of its own and coalesces. A flush
// starts at once, unless one is under way or began less than a millisecond ago
// (five, if that carried so many messages); what arrives meanwhile shares the
// next. Messages of one channel are packed into as few payloads as fit.
//
// Postgres delivers equal payloads of one transaction once, so that of equal
// messages sent in great numbers some may not arrive.
//
// A message can be lost: the process may die between its commit and the flush,
// and a Listener may be disconnected. It can also come twice, if the answer to a
// flush was lost. Whoever needs more than a hint keeps the
// truth in a table and looks there when a Listener says that it has
// reconnected, and now and then without being told.
package notify

// MaxMessage is the longest message, in bytes. Postgres refuses payloads of
// 8000 bytes or more (documentation of NOTIFY).
const MaxMessage = 7900

// maxChannel is the longest name of a channel, in bytes.
const maxChannel = 63

// separator stands between the messages of one payload; no message holds it.
const separator = '\n'
