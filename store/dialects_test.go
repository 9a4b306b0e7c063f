package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"

	"portal/dbtest"
	"portal/store"
)

// TestEveryMigrationHasItsTwin: a schema that only one dialect has would be
// noticed by whoever uses the other.
func TestEveryMigrationHasItsTwin(t *testing.T) {
	names := func(folder string) []string {
		files, err := filepath.Glob("../migrations/" + folder + "/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatal(folder, err)
		}
		for i, file := range files {
			files[i] = filepath.Base(file)
		}
		return files
	}
	if lite, server := names("sqlite"), names("postgres"); !slices.Equal(lite, server) {
		t.Errorf("sqlite has %v, postgres %v", lite, server)
	}
}

// TestBothDialectsHaveTheSameSchema compares tables and columns, with what may be
// null, indexes with what they hold (expressions have no words in common), and triggers
// by name.
func TestBothDialectsHaveTheSameSchema(t *testing.T) {
	dbtest.NeedsPostgres(t)
	file := filepath.Join(t.TempDir(), "portal.db")
	lite := dbtest.Reopen(t, file, nil)
	if _, err := lite.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	sqlite, postgres := dbtest.Raw(t, file), dbtest.Raw(t, dbtest.New(t))

	same := func(what, liteSQL, serverSQL string, only ...string) {
		t.Helper()
		here, there := list(t, sqlite, liteSQL), list(t, postgres, serverSQL)
		for _, row := range here {
			if !slices.Contains(there, row) && !slices.ContainsFunc(only, func(o string) bool { return strings.HasSuffix(row, o) }) {
				t.Errorf("%s: only SQLite has %s", what, row)
			}
		}
		for _, row := range there {
			if !slices.Contains(here, row) && !slices.ContainsFunc(only, func(o string) bool { return strings.HasSuffix(row, o) }) {
				t.Errorf("%s: only PostgreSQL has %s", what, row)
			}
		}
	}
	same("columns",
		`SELECT m.name || '.' || c.name || CASE WHEN c."notnull" OR c.pk THEN '' ELSE ' or null' END || coalesce(' default ' || c.dflt_value, '')
		 FROM sqlite_master m JOIN pragma_table_info(m.name) c
		 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%' ORDER BY 1`,
		`SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'NO' THEN '' ELSE ' or null' END ||
			coalesce(' default ' || replace(column_default, '::text', ''), '')
		 FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%' ORDER BY 1`)
	same("indexes",
		`SELECT m.name || ' ' || i.name || CASE WHEN i."unique" THEN ' unique' ELSE '' END || CASE WHEN i.partial THEN ' partial' ELSE '' END
			|| ' (' || (SELECT group_concat(name, ', ') FROM (SELECT coalesce(c.name, 'expression') AS name FROM pragma_index_info(i.name) c ORDER BY c.seqno)) || ')'
		 FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin = 'c' ORDER BY 1`,
		`SELECT t.relname || ' ' || i.relname || CASE WHEN x.indisunique THEN ' unique' ELSE '' END || CASE WHEN x.indpred IS NOT NULL THEN ' partial' ELSE '' END
			|| ' (' || (SELECT string_agg(CASE x.indkey[n - 1] WHEN 0 THEN 'expression' ELSE pg_get_indexdef(i.oid, n, true) END, ', ' ORDER BY n) FROM generate_series(1, x.indnkeyatts) n) || ')'
		 FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
		 WHERE t.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.oid) ORDER BY 1`)
	same("unique columns",
		`SELECT m.name || ' (' || (SELECT group_concat(name, ', ') FROM (SELECT c.name FROM pragma_index_info(i.name) c ORDER BY c.seqno)) || ')'
		 FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin = 'u' ORDER BY 1`,
		`SELECT conrelid::regclass || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY n) FROM unnest(conkey) WITH ORDINALITY k (num, n)
			JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = num) || ')'
		 FROM pg_constraint WHERE contype = 'u' AND connamespace = 'public'::regnamespace ORDER BY 1`)
	// Only SQLite can replace a row without deleting it, and only PostgreSQL can
	// truncate a table; each is refused where there is such a thing.
	same("triggers",
		`SELECT tbl_name || ' ' || name FROM sqlite_master WHERE type = 'trigger' ORDER BY 1`,
		`SELECT tgrelid::regclass || ' ' || tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O' ORDER BY 1`,
		"_once_only", "_keep_all")
	same("tables whose rows are kept, each with its refusal of the dialect's own way around that",
		`SELECT replace(name, '_once_only', '') FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%once_only' ORDER BY 1`,
		`SELECT replace(tgname, '_keep_all', '') FROM pg_trigger WHERE tgname LIKE '%keep_all' ORDER BY 1`)
}

// TestChecksAreTheSameInBothDialects: as many for each table, at least.
func TestChecksAreTheSameInBothDialects(t *testing.T) {
	count := func(folder string) map[string]int {
		n, table := map[string]int{}, ""
		files, _ := filepath.Glob("../migrations/" + folder + "/*.sql")
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(data)) {
				for _, of := range []string{"CREATE TABLE ", "ALTER TABLE "} {
					if after, ok := strings.CutPrefix(line, of); ok {
						table, _, _ = strings.Cut(after, " ")
						if of == "CREATE TABLE " {
							n[table] = 0 // SQLite makes some anew to change a column
						}
					}
				}
				n[table] += strings.Count(line, "CHECK (") + strings.Count(line, "REFERENCES ") - strings.Count(line, "DROP CONSTRAINT")
			}
		}
		return n
	}
	lite, server := count("sqlite"), count("postgres")
	for table, n := range lite {
		if server[table] != n {
			t.Errorf("%s has %d checks and references for SQLite, %d for PostgreSQL", table, n, server[table])
		}
	}
}

func list(t testing.TB, db *gorm.DB, sql string) []string {
	t.Helper()
	var rows []string
	if err := db.Raw(sql).Scan(&rows).Error; err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Fatalf("nothing came of %s", sql)
	}
	return rows
}

// TestNoNameOfADatabaseShowsItsPassword, neither a good one nor one that can't
// be read.
func TestNoNameOfADatabaseShowsItsPassword(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://me:hidden@db.example:5433/portal?sslmode=require": "postgres://db.example:5433/portal",
		"postgresql://me:hid%40den@db.example/portal":                 "postgres://db.example:5432/portal",
		"postgres://me@db.example/portal?password=hidden":             "postgres://db.example:5432/portal",
		"postgres://me:hidden@/portal?host=/run/postgresql":           "postgres:///run/postgresql/portal",
		"postgres://me:hidden@a.example:1,b.example:2/portal":         "postgres://a.example:1/portal",
		"portal.db":                                "portal.db",
		"postgres://me:12hid/den@db/p":             "",
		"postgres://me:12hid?den@db/p":             "",
		"postgres://me:12hid#den@db/p":             "",
		"postgres://me:hid@den@db/p":               "",
		"postgres://me:hid%zen@db/p":               "",
		"postgres://me:hidden@db:port/p":           "",
		"postgres://me:hidden@db/":                 "",
		"postgres://me:hidden@db":                  "",
		"postgres://me:hidden@db/p?sslmode=hidden": "",
	} {
		err := store.CheckDSN(dsn)
		if want == "" {
			want = "postgres://…"
			if err == nil {
				t.Errorf("%s is taken for a name", dsn)
			}
		} else if err != nil {
			t.Errorf("%s: %v", dsn, err)
		}
		if got := store.Name(dsn); got != want {
			t.Errorf("%s is called %s, want %s", dsn, got, want)
		}
		if err != nil && (strings.Contains(err.Error(), "hid") || strings.Contains(err.Error(), "12")) {
			t.Errorf("%s: the error shows it: %v", dsn, err)
		}
	}
}
