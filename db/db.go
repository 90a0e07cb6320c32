// Package db embeds the schema migrations, so that the binary carries them.
package db

import "embed"

// Migrations holds the goose migrations, in the folder "migrations".
//
//go:embed migrations/*.sql
var Migrations embed.FS
