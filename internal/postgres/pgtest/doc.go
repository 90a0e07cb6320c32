// Package pgtest gives every test a Postgres database of its own.
//
// A package says once
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// and its tests call [New] for a pool, or [DSN] for a connection string. Each
// call clones a template database that has all migrations applied, which takes
// some milliseconds; so tests run in parallel, commit what they like and see
// nothing of each other. Clones have a time zone that is not UTC, nor a whole
// hour away from it, so that code which mixes up local time fails.
//
// The server is the one at SON1K_TEST_DATABASE_URL. The command withpg, used by
// `make test`, starts one for all packages; without it Main starts one for its
// package alone. A test that stops or kills Postgres uses [Server] instead.
package pgtest
