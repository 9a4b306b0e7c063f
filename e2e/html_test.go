package e2e_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// sentPages are pages as the portal sent them, gathered while they are looked at.
type sentPages struct {
	mu    sync.Mutex
	pages []sentPage
}

type sentPage struct {
	Name string `json:"name"`
	HTML string `json:"html"`
}

func (s *sentPages) add(name, html string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages = append(s.pages, sentPage{name, html})
}

// invalid is what html-validate finds wrong with them, all at once: most of a node
// program's time goes into its start.
func (s *sentPages) invalid(t *testing.T) map[string]string {
	t.Helper()
	in, err := json.Marshal(s.pages)
	if err != nil {
		t.Fatal(err)
	}
	var found []struct {
		Name     string
		Problems []string
	}
	node(t, "html.mjs", in, &found)
	wrong := map[string]string{}
	for _, one := range found {
		wrong[one.Name] = strings.Join(one.Problems, "\n")
	}
	return wrong
}

// node gives a script of this folder its input, and reads its answer as JSON.
func node(t *testing.T, script string, in []byte, out any) {
	t.Helper()
	run := exec.CommandContext(t.Context(), "node", script)
	run.Stdin, run.Stderr = bytes.NewReader(in), os.Stderr
	answer, err := run.Output()
	if err != nil {
		t.Fatalf("node %s: %v (are its packages installed? `make deps`)", script, err)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("node %s: %v\n%s", script, err, answer)
	}
}
