//go:build failpoints

package failpoint

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
)

// file is named by the environment and says where to end: a point's name, and
// after a colon which of its hits, 1 unless told. After another colon "stop"
// halts the process (SIGSTOP) instead, as a machine that sleeps would. It is
// read at every hit, so that a test arms a program that runs.
var file = os.Getenv("PORTAL_FAILPOINT_FILE")

var (
	mu    sync.Mutex
	armed string // the file as it was last read
	hits  int    // of its point since then
)

// Hit ends the process if this is where it was asked to end.
func Hit(p Point) {
	if file == "" {
		return
	}
	mu.Lock()
	defer mu.Unlock()
	text, err := os.ReadFile(file)
	if err != nil {
		text = nil // not armed
	}
	if string(text) != armed {
		armed, hits = string(text), 0
	}
	where := append(strings.Split(strings.TrimSpace(armed), ":"), "1", "kill")
	if where[0] != p.name {
		return
	}
	if hits++; fmt.Sprint(hits) != where[1] {
		return
	}
	fmt.Fprintf(os.Stderr, "failpoint %s\n", p.name)
	if where[2] == "stop" {
		// The signal takes its time; from here nothing goes on before it has come
		// and gone.
		woken := make(chan os.Signal, 1)
		signal.Notify(woken, syscall.SIGCONT)
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		<-woken
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal is on its way
}
