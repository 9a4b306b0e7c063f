package crash

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"portal/dbtest"
	"portal/failpoint"
	"portal/models"
	"portal/store"
)

// life is a whole one: somebody signs in, buys, renews, upgrades and has it
// refunded.
func (s *site) life() {
	s.t.Helper()
	p := newPerson(s.t, s)
	p.signIn(customer)
	for _, kind := range models.Kinds() {
		p.carry(kind)
	}
	if r := s.agree(); len(r.orders) != len(models.Kinds()) {
		s.t.Fatalf("%d orders", len(r.orders))
	}
}

// TestAFirstStartSurvivesTheProgram: the next start completes what one that was
// cut off began.
func TestAFirstStartSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	cuts := []string{failpoint.StartMigrated.String(), failpoint.StartBound.String()}
	if !dbtest.Postgres() { // there the operator makes the key
		cuts = append(cuts, failpoint.StartKey.String())
	}
	for i := range 9 { // four accounts, five people
		cuts = append(cuts, fmt.Sprintf("%s:%d", failpoint.StartPerson, i+1))
	}
	for _, where := range cuts {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.arm(where)
			s.start()
			s.diesAt(s.portal, where)
			s.restart()
			s.life()
		})
	}
}

// TestTheDemoWorldSurvivesTheProgram: a first start that dies while it makes the
// past, or puts it in its place, leaves what the next one makes whole.
func TestTheDemoWorldSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	dbtest.NeedsSQLite(t)
	cuts := []string{failpoint.StartWorld.String() + ":150"}
	for i := range 4 { // the folder, its two files, and the rest of it
		cuts = append(cuts, fmt.Sprintf("%s:%d", failpoint.StartPlace, i+1))
	}
	for _, where := range cuts {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.dsn = filepath.Join(s.dir, "portal.db")
			s.configure()
			s.env = slices.DeleteFunc(s.env, func(v string) bool { return strings.HasPrefix(v, "PORTAL_PROVIDER_ENDPOINT=") })
			s.arm(where)
			s.start()
			s.diesAt(s.portal, where)
			s.restart()
			s.stop()
			if p := s.command("audit", "verify"); p.end(t) != 0 {
				t.Fatalf("the history does not hold\n%s", p.out)
			}
			s.opened(func(db *store.Store) {
				r, err := readRecord(t.Context(), db)
				if err != nil || len(r.orders) < 80 {
					t.Fatalf("%d orders, %v", len(r.orders), err)
				}
			})
			files, err := filepath.Glob(filepath.Join(s.dir, "portal.*"))
			if err != nil {
				t.Fatal(err)
			}
			for i, file := range files {
				files[i] = filepath.Base(file)
			}
			if !slices.Equal(files, []string{"portal.db", "portal.db.lock", "portal.sandbox.jsonl"}) {
				t.Errorf("it leaves %v", files)
			}
		})
	}
}

// TestAMigrationSurvivesTheProgram: it dies before each of a migration's
// statements in turn, and the next one finishes the work. On PostgreSQL, where a
// database and two programs take longest, before every fifth.
func TestAMigrationSurvivesTheProgram(t *testing.T) {
	t.Parallel()
	whole := open(t, nil)
	if p := whole.command("migrate"); p.end(t) != 0 {
		t.Fatal(p.out)
	}
	want := schema(t, whole.dsn)
	step := 1
	if dbtest.Postgres() {
		step = 5
	}
	for n := 1; ; n += step {
		where := fmt.Sprintf("%s:%d", failpoint.MigrateStatement, n)
		s := whole.another()
		s.arm(where)
		p := s.command("migrate")
		if p.end(t) == 0 {
			if n < 20 {
				t.Fatalf("the migrations have %d statements", n-1)
			}
			return // that was the last one
		}
		s.diesAt(p, where)
		s.disarm()
		if p := s.command("migrate"); p.end(t) != 0 {
			t.Fatalf("it does not go on after dying at %s\n%s", where, p.out)
		}
		if got := schema(t, s.dsn); !slices.Equal(got, want) {
			t.Fatalf("after dying at %s the schema is\n%v\nand not\n%v", where, got, want)
		}
	}
}

// schema is all that a database is made of.
func schema(t testing.TB, dsn string) []string {
	t.Helper()
	query := `SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1`
	if _, file := store.File(dsn); !file {
		query = `
			SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
				FROM information_schema.columns WHERE table_schema = 'public'
			UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
			UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
			UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
			UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
			ORDER BY 1`
	}
	db := dbtest.Raw(t, dsn)
	var rows []string
	if err := db.Raw(query).Scan(&rows).Error; err != nil {
		t.Fatal(err)
	}
	if pool, err := db.DB(); err != nil || pool.Close() != nil { // the next one is on its way
		t.Fatal(err)
	}
	return rows
}

// TestServingSurvivesAMigration: serve brings the schema up to date, too, and
// sells with what came of it.
func TestServingSurvivesAMigration(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 8, 25, 40} {
		where := fmt.Sprintf("%s:%d", failpoint.MigrateStatement, n)
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.arm(where)
			s.start()
			s.diesAt(s.portal, where)
			s.restart()
			s.life()
		})
	}
}

// TestTheShippedProgramHasNoFailpoints: only the tag puts them in.
func TestTheShippedProgramHasNoFailpoints(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.program = shipped(t)
	s.arm(failpoint.MigrateStatement.String())
	if p := s.command("migrate"); p.end(t) != 0 {
		t.Fatalf("%s\n%s", p.cmd.ProcessState, p.out)
	}
}
