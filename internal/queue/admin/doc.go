// Package admin reads and steers the queue for people: what waits, runs and
// has failed, and why; cancel, retry, pause, limits, schedules.
//
// It is a thin layer over the views and functions of the schema queue, which a
// DBA uses with SQL: it checks what it is given, calls them and returns plain
// structs. It touches no table, so that a connection as son1k_reader can do
// all that reads and one as son1k_operator everything.
//
// Input that makes no sense is an [*InvalidError] that names each field at
// fault; the parameter types have a Validate method that finds it without a
// database. A job, queue or schedule that is not there is a [*NotFoundError],
// one that is there but in no state for the change a [*ConflictError]. The
// other errors are [ErrForbidden], [ErrOutdated] and those of the connection.
//
// The structs have JSON names that stay. Times are in UTC, durations in
// seconds, and what is not known is null.
package admin
