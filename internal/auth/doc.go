// Package auth answers one question: who is calling, if this credential is to
// be believed? It verifies tokens and makes secrets; it knows no database.
//
// Every way to prove an identity ends in Claims, which name a user and an
// expiry and nothing else: tier and admin rights come from the database,
// never from what the caller carries. Further ways (another issuer's keys,
// API keys) become further types with a Verify method beside Tokens, chosen
// by configuration before any byte of a token is looked at, so that a token
// cannot pick its own verifier.
package auth
