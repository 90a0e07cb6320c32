// Package postgres opens the pool, applies the migrations and names what the
// database says in its errors. Below it, embedded runs a private local server
// and pgtest makes databases for tests.
package postgres
