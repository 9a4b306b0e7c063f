// Package replicas tests the real program, several of it, on one PostgreSQL
// database.
package replicas
