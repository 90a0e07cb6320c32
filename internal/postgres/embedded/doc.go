// Package embedded runs a private Postgres server for one son1k process, so
// that `son1k serve` needs no database set up beforehand. Despite the name the
// server is an ordinary Postgres, 15 or newer, whose binaries are found on the
// machine; see [FindBinaries].
//
// # What lies where
//
//	Home/lock              held with flock(2) while a Server runs; names its pid
//	Home/postgres/data     the cluster
//	Home/postgres/socket   directory of the Unix socket, mode 0700
//	Home/postgres/log      what Postgres says, bounded (the previous part is log.1)
//
// # Who may connect
//
// There is no TCP and there are no passwords: the socket lies in a directory
// that only the owner of the cluster, and root, can enter, and that is the
// whole of the protection ("trust" in pg_hba.conf). Root connects although the
// server runs as another user.
//
// # Paths
//
// A Unix socket has at most 103 bytes of path on some systems, and Home may be
// anywhere. The server therefore binds a relative path (its working directory
// is the data directory), and a client for which the full path is too long is
// given a short one: a symlink in a private directory under os.TempDir.
//
// # Root
//
// Postgres refuses to run as root, so root's server runs as the owner of the
// data directory; a new one is given to the user postgres, else to nobody. That
// user often cannot even reach Home, which may lie under /root. On Linux this
// does not matter: initdb and postgres get the open data directory as file
// descriptor 3 and are told that it is called /proc/self/fd/3, a link that the
// kernel follows without walking the parents. Everything stays inside Home, to
// be moved or deleted with it. (A working directory set beforehand would not do:
// up to version 15 Postgres leaves it and returns to it by its full name.)
// Other systems have no such link; there, root needs a Home that the user can
// reach.
//
// # Death and life
//
// A Server supervises: if Postgres dies, it is started again with a backoff,
// and connection pools simply reconnect. On Linux the kernel asks Postgres to
// shut down when the process that runs it dies. Whatever is left of an earlier
// life is stopped before the next start, and crash recovery does the rest. The
// server is in a session of its own, so that Ctrl-C in a terminal reaches the
// application, which then drains first and stops Postgres last.
package embedded
