// Package server looks after what the systems under test keep their data in:
// databases of one Postgres server, and Redis servers. It also accounts for
// what processes spend.
package server
