package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"portal/dbtest"
)

func TestWhatIsNotRestored(t *testing.T) {
	dbtest.NeedsSQLite(t)
	w, _ := inEvery(t)
	good := w.backup()
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	made := func(content []byte) string {
		file := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	// The same with something done to it by another program.
	changed := func(sql string, args ...any) string {
		file := made(data)
		if err := dbtest.Raw(t, file).Exec(sql, args...).Error; err != nil {
			t.Fatal(err)
		}
		return file
	}
	orphaned := &world{t: t, dsn: made(data)}
	orphaned.orphan()
	smashed := slices.Clone(data)
	for i := len(smashed) / 4; i < len(smashed)*3/4; i++ { // not where the schema stands
		smashed[i] = 0xff
	}
	half := made(data)
	if err := os.WriteFile(half+"-wal", []byte("frames"), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(t.TempDir(), "other.db")
	if err := dbtest.Raw(t, foreign).Exec(`CREATE TABLE notes (text TEXT)`).Error; err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ file, want string }{
		"what is not there":                  {filepath.Join(t.TempDir(), "missing.db"), "no such file"},
		"a folder":                           {t.TempDir(), "is no file"},
		"an empty file":                      {made(nil), "is empty"},
		"a file of another kind":             {made([]byte(strings.Repeat("no database ", 100))), "no SQLite database"},
		"another program's database":         {foreign, "no portal's database"},
		"one that was cut off":               {made(data[:len(data)-8192]), "damaged"},
		"a damaged one":                      {made(smashed), "damaged"},
		"half of a copy":                     {half, "not the whole copy"},
		"one of a newer portal":              {changed(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`), "newer than this program"},
		"one whose rows lost what they need": {orphaned.dsn, "damaged"},
		"another provider's":                 {changed(`INSERT INTO settings (name, value) VALUES ('provider', 'alibaba')`), `belongs to provider "alibaba"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.restoring()
			_, err := r.Restore(t.Context(), tc.file)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want …%s…", err, tc.want)
			}
			leaves(t, filepath.Dir(r.Database))
		})
	}
	for _, name := range []string{"portal.db", "portal.db-wal", "portal.db-shm", "portal.db-journal"} {
		t.Run("over "+name, func(t *testing.T) {
			r := w.restoring()
			if err := os.WriteFile(filepath.Join(filepath.Dir(r.Database), name), []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Restore(t.Context(), good); err == nil || !strings.Contains(err.Error(), "there already") {
				t.Errorf("%v", err)
			}
			leaves(t, filepath.Dir(r.Database), name)
		})
	}
	t.Run("over what was made meanwhile", func(t *testing.T) {
		r := w.restoring()
		r.Step = func(step string) error {
			if step == "written" {
				return os.WriteFile(r.Database, []byte("precious"), 0o600)
			}
			return nil
		}
		if _, err := r.Restore(t.Context(), good); err == nil || !strings.Contains(err.Error(), "made meanwhile") {
			t.Errorf("%v", err)
		}
		leaves(t, filepath.Dir(r.Database), "portal.db")
	})
}
