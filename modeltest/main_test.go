package modeltest

import (
	"flag"
	"os"
	"testing"

	"portal/dbtest"
)

// TestMain gives the schedules the same seed every time, so that what CI finds is
// found here, too. `make model` gives others: a run is its seed.
func TestMain(m *testing.M) {
	flag.Parse()
	schedules := "100"
	if dbtest.Postgres() {
		schedules = "20" // each makes a database there
	}
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range map[string]string{
		"rapid.seed": "1", "rapid.checks": schedules, "rapid.steps": "50",
		"rapid.nofailfile": "true", // the seed repeats it
	} {
		if !given[name] {
			_ = flag.Set(name, value)
		}
	}
	os.Exit(m.Run())
}
