package pgtest

import "son1k/db"

// For the tests.
var (
	Create       = create
	HashOf       = hashOf
	WithDatabase = withDatabase
	Sweep        = sweep
)

func TemplateName() (string, error) { return templateName(db.Migrations) }
