package store

import (
	"path/filepath"
	"testing"

	"gorm.io/gorm"
)

func TestCloseForgetsThePreparedStatements(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "portal.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Provider(t.Context()); err != nil {
		t.Fatal(err)
	}
	prepared := s.read.ConnPool.(*gorm.PreparedStmtDB)
	if len(prepared.Stmts.Keys()) == 0 {
		t.Fatal("nothing was prepared")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left := prepared.Stmts.Keys(); len(left) > 0 {
		t.Fatalf("%d statements are kept, the first %q", len(left), left[0])
	}
}
