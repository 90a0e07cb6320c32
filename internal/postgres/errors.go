package postgres

import (
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// queryCanceled is what a statement that was interrupted fails with; that is
// the doing of whoever interrupted it.
const queryCanceled = "57014"

// Unavailable reports whether err says that the database could not do its work
// at the moment, rather than that it was asked something wrong: it is away,
// full, starting, stopping, or a standby. The classes are those of appendix A of
// the Postgres documentation.
func Unavailable(err error) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		switch {
		case pgErr.Code == queryCanceled:
			return false
		case pgErr.Code == "25006": // read_only_sql_transaction: not the primary any more
			return true
		}
		for _, class := range []string{
			"08", // connection exception
			"53", // insufficient resources: disk full, too many connections
			"57", // operator intervention: shutting down, starting up
			"58", // system error
		} {
			if strings.HasPrefix(pgErr.Code, class) {
				return true
			}
		}
		return false
	}
	var connectErr *pgconn.ConnectError
	var netErr *net.OpError
	return errors.As(err, &connectErr) || errors.As(err, &netErr) ||
		errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}
