package crash

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The long run's size, and what repeats one. `make soak` sets them.
var (
	kills = flag.Int("kills", 20, "how often the random run ends the portal or the sandbox")
	seed  = flag.Uint64("seed", 0, "the random run's seed; 0: a new one, which is printed")
)

// folder is where what all tests share lies.
var folder string

func TestMain(m *testing.M) {
	flag.Parse()
	// The cases wait for leases and pauses most of the time, not for a processor.
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = flag.Set("test.parallel", "24")
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if folder, err = os.MkdirTemp("", "portal-crash-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	code := m.Run()
	if code == 0 && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.list").Value.String() == "" {
		if err := everyPoint(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// shipped is the program as people run it, breakable the one with the
// failpoints.
var (
	shipped   = program("portal")
	breakable = program("portal-failpoints", "-tags", "failpoints")
)

// program builds the program when it is first asked for.
func program(name string, flags ...string) func(testing.TB) string {
	build := sync.OnceValues(func() (string, error) {
		if err := lookAtTheSource(); err != nil {
			return "", err
		}
		to := filepath.Join(folder, name)
		build := exec.Command("go", append(append([]string{"build", "-o", to}, flags...), "portal")...)
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("building the program: %w\n%s", err, out)
		}
		return to, nil
	})
	return func(t testing.TB) string {
		t.Helper()
		path, err := build()
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
}

// lookAtTheSource opens every folder of it, so that go test, which remembers
// what a test opened, runs these again when any file of the program has changed.
func lookAtTheSource() error {
	return filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if d.Name() == "node_modules" || d.Name() == "docs" || d.Name() != ".." && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		folder, err := os.Open(path)
		if err != nil {
			return err
		}
		return folder.Close()
	})
}
