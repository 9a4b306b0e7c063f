// Package migrations holds the database's schema as SQL, one folder a dialect.
// Files are append-only: one that has landed is never edited. Each has its twin
// of the same name in the other folder.
package migrations

import "embed"

// SQLite holds the migrations for SQLite, in the folder "sqlite".
//
//go:embed sqlite/*.sql
var SQLite embed.FS

// Postgres holds the migrations for PostgreSQL, in the folder "postgres".
//
//go:embed postgres/*.sql
var Postgres embed.FS
