// Package server looks after what the queues under test store their jobs in:
// databases of one Postgres server, and Redis servers. It also accounts for
// what both spend.
package server
