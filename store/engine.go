package store

import "context"

// Trait is one thing that the record rests on, and what of it the database's
// engine has.
type Trait struct {
	Name string // in plain English, for whoever runs the portal
	// Missing says what the engine lacks, empty when it has the trait.
	Missing string
	// Err says why that could not be found out, nil when it could.
	Err error
}

// Engine tries out what the record rests on, for an engine that may only speak
// PostgreSQL's protocol. It gives the engine's name and its traits, and leaves
// nothing behind. SQLite comes with the program, so that it has no traits to ask
// for, and no name.
func (s *Store) Engine(ctx context.Context) (string, []Trait, error) {
	ctx, cancel := context.WithTimeout(ctx, writeWait)
	defer cancel()
	return s.engine(s.write.WithContext(ctx))
}
