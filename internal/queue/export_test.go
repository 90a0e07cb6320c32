package queue

import "son1k/internal/queries"

// Replanned is how the package runs its statements.
func Replanned(db queries.DBTX) queries.DBTX { return replanned{db} }
