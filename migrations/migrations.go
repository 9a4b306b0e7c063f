// Package migrations holds the database's schema as SQL, one folder a dialect.
// Files are append-only: one that has landed is never edited.
package migrations

import "embed"

// SQLite holds the migrations for SQLite, in the folder "sqlite".
//
//go:embed sqlite/*.sql
var SQLite embed.FS
