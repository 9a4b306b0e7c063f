package crash

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is far beyond what any step takes: a refund that was cut off twice
// is asked for again after a minute.
const patience = 4 * time.Minute

// process is a program that runs, or has ended.
type process struct {
	cmd   *exec.Cmd
	out   *output
	ended chan struct{} // closed when it has ended; its state may be read then
}

// start starts a program in a folder and an environment of its own.
func start(t testing.TB, program, dir string, env []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, args...), out: &output{}, ended: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Env = append([]string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}, env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its state
		close(p.ended)
	}()
	t.Cleanup(func() { p.signal(syscall.SIGKILL); <-p.ended })
	return p
}

// signal sends a signal; a process that has ended takes none.
func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// running says whether it has not ended.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// end waits until it has ended and gives its exit status, -1 for a signal.
func (p *process) end(t testing.TB) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("it does not end\n%s", p.out)
	}
	return p.cmd.ProcessState.ExitCode()
}

// told waits for a line that begins so, and gives what follows up to the next
// space or comma; empty when the process ended before.
func (p *process) told(t testing.TB, beginning string) string {
	t.Helper()
	var rest string
	until(t, beginning, func() bool {
		ended := !p.running()
		text := p.out.String()
		if i := strings.Index(text, beginning); i >= 0 {
			if line, _, whole := strings.Cut(text[i+len(beginning):], "\n"); whole {
				rest = line
				return true
			}
		}
		return ended
	})
	if i := strings.IndexAny(rest, " ,"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// until polls for a condition of another process.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	if !eventually(f) {
		t.Fatalf("waited in vain for: %s", what)
	}
}

// eventually is until for other goroutines than the test's.
func eventually(f func() bool) bool {
	wait, deadline := 10*time.Millisecond, time.Now().Add(patience)
	for !f() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(wait)
		wait = min(2*wait, 400*time.Millisecond)
	}
	return true
}

type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) { o.mu.Lock(); defer o.mu.Unlock(); return o.b.Write(p) }
func (o *output) String() string              { o.mu.Lock(); defer o.mu.Unlock(); return o.b.String() }
