package crash

import (
	"bytes"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"portal/dbtest"
	"portal/models"
)

// wire is the way to a PostgreSQL server, which can be cut.
type wire struct {
	listener net.Listener
	server   string // its socket

	mu    sync.Mutex
	cut   bool // nobody is let through
	held  bool // nothing comes through, and nothing ends
	free  *sync.Cond
	at    commitCut
	hit   chan struct{} // closed when a commit was cut
	conns map[net.Conn]bool
}

// commitCut is on which side of a commit a connection is cut.
type commitCut int

const (
	nowhere commitCut = iota
	beforeCommit
	afterCommit
)

// listen makes a way to the server of a database.
func listen(t testing.TB, dsn string) *wire {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{server: filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"), conns: map[net.Conn]bool{}, hit: make(chan struct{})}
	w.free = sync.NewCond(&w.mu)
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.listener.Close(); w.set(func() { w.cut = true; w.held = false }) })
	go func() {
		for {
			c, err := w.listener.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
	return w
}

// dsn names the database by this way.
func (w *wire) dsn(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Host, u.RawQuery = w.listener.Addr().String(), "sslmode=disable"
	return u.String()
}

// set changes how things are, and cuts what is open where nobody is let through.
func (w *wire) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	if w.cut {
		for c := range w.conns {
			_ = c.Close()
		}
	}
	w.free.Broadcast()
}

// pass waits while nothing comes through, and says whether it may now.
func (w *wire) pass() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.held {
		w.free.Wait()
	}
	return !w.cut
}

func (w *wire) carry(client net.Conn) {
	defer func() { _ = client.Close() }()
	if !w.pass() {
		return
	}
	server, err := net.Dial("unix", w.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	w.mu.Lock()
	w.conns[client], w.conns[server] = true, true
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.conns, client)
		delete(w.conns, server)
	}()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = client.Close() }()
		buffer := make([]byte, 64<<10)
		for {
			n, err := server.Read(buffer)
			if err != nil || !w.pass() {
				return
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	if !w.upstream(client, server) {
		_ = server.Close()
	}
	<-done
}

// upstream carries what the portal says, and cuts the connection at a commit
// where it is told to. It says whether an answer is still to come, which nobody
// will hear.
func (w *wire) upstream(client, server net.Conn) bool {
	buffer := make([]byte, 64<<10)
	orders := false // an order is being written; others read, and commit that, too
	for {
		n, err := client.Read(buffer)
		if err != nil || !w.pass() {
			return false
		}
		orders = orders || bytes.Contains(buffer[:n], []byte(`INSERT INTO "orders"`))
		at := nowhere
		if orders && bytes.Contains(buffer[:n], []byte("commit\x00")) {
			at = w.commits()
		}
		if at != nowhere {
			_ = client.Close()
		}
		if at == beforeCommit {
			return false
		}
		if _, err := server.Write(buffer[:n]); err != nil || at == afterCommit {
			return err == nil
		}
	}
}

// commits says where to cut at a commit, once.
func (w *wire) commits() commitCut {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := w.at
	if w.at = nowhere; at != nowhere {
		close(w.hit)
	}
	return at
}

// endAll ends all connections to a database.
const endAll = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$name'`

func serverFaults() []fault {
	shut := func(s *site, how string, also ...string) {
		s.t.Helper()
		u, err := url.Parse(s.dsn)
		if err != nil {
			s.t.Fatal(err)
		}
		name := strings.Trim(u.Path, "/")
		server := dbtest.Server(s.t)
		for _, sql := range append([]string{how}, also...) {
			if _, err := server.Exec(strings.ReplaceAll(sql, "$name", name)); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	return []fault{
		{name: "server away", kind: models.FaultAway, undecided: true,
			begin: func(s *site) { s.wire.set(func() { s.wire.cut = true }) },
			end:   func(s *site) { s.wire.set(func() { s.wire.cut = false }) }},
		{name: "server silent", kind: models.FaultSlow, undecided: true,
			begin: func(s *site) { s.wire.set(func() { s.wire.held = true }) },
			end:   func(s *site) { s.wire.set(func() { s.wire.held = false }) }},
		{name: "nobody let in", kind: models.FaultAway, undecided: true,
			begin: func(s *site) { shut(s, `ALTER DATABASE $name ALLOW_CONNECTIONS false`, endAll) },
			end:   func(s *site) { shut(s, `ALTER DATABASE $name ALLOW_CONNECTIONS true`) }},
		{name: "read-only server", kind: models.FaultReadOnly, reads: true,
			begin: func(s *site) { shut(s, `ALTER DATABASE $name SET default_transaction_read_only = on`, endAll) },
			end:   func(s *site) { shut(s, `ALTER DATABASE $name RESET default_transaction_read_only`) }},
	}
}

// TestAConnectionThatIsCutAtTheCommit: whether there is an order the portal
// can't know, and says so. The button leads to the one order, whichever it was.
func TestAConnectionThatIsCutAtTheCommit(t *testing.T) {
	dbtest.NeedsPostgres(t)
	t.Parallel()
	for name, at := range map[string]commitCut{"before": beforeCommit, "after": afterCommit} {
		t.Run(name, func(t *testing.T) {
			onEach(t, models.Kinds(), func(t *testing.T, kind models.Kind) {
				s, p := fragile(t, kind)
				quote := p.quote(kind)
				confirmed := p.confirmation(kind, quote)
				s.wire.set(func() { s.wire.at = at })
				a, err := p.ask(quote+"/order", confirmed)
				select {
				case <-s.wire.hit:
				default:
					t.Fatalf("no commit was cut: %d to %q, %v", a.status, a.to, err)
				}
				if err != nil || a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "It is not certain") {
					t.Fatalf("%d to %q, %v\n%s", a.status, a.to, err, a.body)
				}
				theOne(p, kind, quote, confirmed, "")
			})
		})
	}
}
