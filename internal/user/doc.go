// Package user holds accounts: how people register and sign in with a
// password, how their sessions last and end, what their tier allows, and who
// a verified token belongs to.
//
// # Sessions
//
// Signing in gives an access token, valid for an hour without a look at the
// sessions, and a refresh token, good for 30 days from its last use, which is
// exchanged for both anew. A refresh token has two halves: one stays the same
// throughout the session (the family), the other changes at each exchange. A
// right first half with any second half but the valid one can only be an old
// copy, so the session ends, for the thief as for the owner (RFC 9700, section
// 4.14.2): whoever comes second finds out, however often the first has
// exchanged it since.
//
// Honest callers repeat themselves too: two tabs refresh at once, or an answer
// gets lost and the client tries again. So the successor of a token is not
// drawn at random but computed from it under the signing secret. Within ten
// seconds, by the database's clock, the previous token is answered with the
// same successor again; nothing is exchanged a second time, all tabs end up
// with one token, and nothing but hashes is stored. A thief who hits these
// seconds shares the token with its owner, and the next exchange gives one of
// the two away.
package user
