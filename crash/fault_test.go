package crash

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"portal/dbtest"
	"portal/failpoint"
	"portal/models"
	"portal/provider/sandbox"
)

// fault is something that keeps the portal from writing its record, while the
// program itself goes on.
type fault struct {
	name       string
	kind       models.FaultKind
	reads      bool // pages can be looked at meanwhile
	undecided  bool // a commit may have gone through, as far as the portal can tell
	begin, end func(*site)
}

// faults are what can happen to the database that these tests run on.
func faults() []fault {
	if dbtest.Postgres() {
		return serverFaults()
	}
	return diskFaults()
}

// fragile is atHome with a database that can be made to fail.
func fragile(t *testing.T, kind models.Kind) (*site, *person) {
	t.Helper()
	from := seeded(t, kind != models.Buy)
	s := open(t, from)
	s.makeFragile()
	s.restart()
	return s, s.person(from, customer)
}

// makeFragile lets the portal reach its database by ways that can be broken.
func (s *site) makeFragile() {
	s.t.Helper()
	if dbtest.Postgres() {
		s.wire = listen(s.t, s.dsn)
		s.env = append(s.env, "DATABASE_URL="+s.wire.dsn(s.t, s.dsn))
		return
	}
	s.env = append(s.env, "LD_PRELOAD="+disk(s.t), "PORTAL_DISK_FILE="+s.diskFile())
}

func (s *site) diskFile() string { return filepath.Join(s.dir, "disk") }

// disk is testdata/disk.c, built when it is first asked for.
var disk = func() func(testing.TB) string {
	build := sync.OnceValues(func() (string, error) {
		to := filepath.Join(folder, "disk.so")
		compiler := os.Getenv("CC")
		if compiler == "" {
			compiler = "cc"
		}
		out, err := exec.Command(compiler, "-O1", "-shared", "-fPIC", "-o", to, filepath.Join("testdata", "disk.c"), "-ldl").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("building the disk that fails: %w\n%s", err, out)
		}
		return to, nil
	})
	return func(t testing.TB) string {
		t.Helper()
		if runtime.GOOS != "linux" {
			t.Skip("a disk that fails is made with LD_PRELOAD, which needs Linux")
		}
		path, err := build()
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
}()

// says makes the disk fail so from now on; as nothing, it works again.
func says(word string) func(*site) {
	return func(s *site) {
		s.t.Helper()
		if err := os.WriteFile(s.diskFile()+".new", []byte(word), 0o600); err != nil {
			s.t.Fatal(err)
		}
		if err := os.Rename(s.diskFile()+".new", s.diskFile()); err != nil {
			s.t.Fatal(err)
		}
	}
}

func diskFaults() []fault {
	works := says("")
	return []fault{
		{name: "full disk", kind: models.FaultFull, reads: true, begin: says("full"), end: works},
		{name: "failing fsync", kind: models.FaultIO, reads: true, undecided: true, begin: says("fsync"), end: works},
		{name: "failing disk", kind: models.FaultIO, begin: says("io"), end: works},
		{name: "read-only disk", kind: models.FaultIO, reads: true, undecided: true, begin: says("read-only"), end: works},
		{name: "locked by another program", kind: models.FaultLocked, reads: true, begin: (*site).lock, end: func(s *site) {
			if err := s.unlock(); err != nil {
				s.t.Fatal(err)
			}
		}},
		{name: "damaged file", kind: models.FaultDamaged, begin: (*site).damage, end: (*site).mend},
		{name: "moved file", kind: models.FaultMoved, reads: true, begin: (*site).moveAway, end: (*site).moveBack},
		{name: "replaced file", kind: models.FaultMoved, reads: true, begin: func(s *site) {
			s.moveAway()
			copyFile(s.t, s.dsn+".away", s.dsn)
		}, end: (*site).moveBack},
		{name: "moved log", kind: models.FaultMoved, reads: true,
			begin: func(s *site) { rename(s, s.dsn+"-wal", s.dsn+"-wal.away") },
			end:   func(s *site) { rename(s, s.dsn+"-wal.away", s.dsn+"-wal") }},
	}
}

// lock lets another program begin to write and not end.
func (s *site) lock() {
	s.t.Helper()
	db, err := dbtest.Raw(s.t, s.dsn).DB()
	if err != nil {
		s.t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`BEGIN IMMEDIATE`); err != nil {
		s.t.Fatal(err)
	}
	s.unlock = func() error { _, err := db.Exec(`ROLLBACK`); return err }
}

// damage writes nonsense over all of the file but its first page.
func (s *site) damage() {
	s.t.Helper()
	whole, err := os.ReadFile(s.dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	s.whole = whole
	nonsense := append([]byte{}, whole...)
	for i := 4096; i < len(nonsense); i++ {
		nonsense[i] = 0xa5
	}
	s.overwrite(nonsense)
}

func (s *site) mend() { s.t.Helper(); s.overwrite(s.whole) }

func (s *site) overwrite(data []byte) {
	s.t.Helper()
	f, err := os.OpenFile(s.dsn, os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err = f.WriteAt(data, 0); err == nil {
		err = f.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func rename(s *site, from, to string) {
	s.t.Helper()
	if err := os.Rename(from, to); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) moveAway() { s.t.Helper(); rename(s, s.dsn, s.dsn+".away") }
func (s *site) moveBack() { s.t.Helper(); rename(s, s.dsn+".away", s.dsn) }

// ready asks /readyz, and gives its words.
func (s *site) ready() (int, string) {
	s.t.Helper()
	a, err := newPerson(s.t, s).ask("/readyz", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return a.status, a.body
}

func (s *site) noticed(kind models.FaultKind) {
	s.t.Helper()
	until(s.t, "/readyz to say "+string(kind), func() bool {
		status, words := s.ready()
		return strings.Contains(words, "("+string(kind)+")") || status == http.StatusServiceUnavailable
	})
}

func (s *site) recovered() {
	s.t.Helper()
	until(s.t, "/readyz to be ready again", func() bool { _, words := s.ready(); return words == "ok\n" })
}

// calls is how often the provider was asked for anything.
func (s *site) calls() int {
	s.t.Helper()
	calls := s.box.asked(s.t, sandbox.ActionGetInstanceCount)
	for _, action := range actions {
		calls += s.box.asked(s.t, action)
	}
	return calls
}

// onEachFault runs a case for each fault, beside all others.
func onEachFault(t *testing.T, f func(*testing.T, fault)) {
	t.Helper()
	t.Parallel()
	for _, fault := range faults() {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			f(t, fault)
		})
	}
}

// TestNothingIsOrderedWithoutARecord: while the record can't be written the
// portal says so, sends nothing, and turns forms away before the provider is
// asked for anything. When the fault is gone the button leads to one order.
func TestNothingIsOrderedWithoutARecord(t *testing.T) {
	onEachFault(t, func(t *testing.T, f fault) {
		s, p := fragile(t, models.Buy)
		quote := p.quote(models.Buy)
		f.begin(s)
		a, err := p.ask(quote+"/order", url.Values{})
		if err != nil || a.status != http.StatusServiceUnavailable {
			t.Fatalf("placed without a record: %d to %q, %v", a.status, a.to, err)
		}
		certain := strings.Contains(a.body, "This was not saved")
		if certain == strings.Contains(a.body, "It is not certain") || !certain && !f.undecided {
			t.Fatalf("the page does not say what is known\n%s", a.body)
		}
		s.noticed(f.kind)
		if !certain { // its button
			a, err := p.ask(quote+"/order", url.Values{"undecided": {"yes"}})
			if err != nil || !strings.Contains(a.body, `name="undecided" value="yes"`) || !strings.Contains(a.body, "It is not certain") {
				t.Fatalf("what was uncertain is called certain: %d %v\n%s", a.status, err, a.body)
			}
		}

		calls := s.calls()
		chosen := url.Values{"edition": {"enterprise"}, "term": {"month-3"}}
		for path, form := range map[string]url.Values{quote + "/order": {}, "/accounts/1/quote?kind=buy": chosen} {
			a, err := p.ask(path, form)
			if err != nil || a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "This was not saved") {
				t.Fatalf("%s: %d %v\n%s", path, a.status, err, a.body)
			}
			if form.Has("term") && !strings.Contains(a.body, `name="term" value="month-3"`) {
				t.Errorf("what was chosen is lost\n%s", a.body)
			}
		}
		if asked := s.calls() - calls; asked != 0 {
			t.Errorf("the provider was asked %d times", asked)
		}
		page, err := p.ask(quote, nil)
		if err != nil || f.reads && (page.status != http.StatusOK || !strings.Contains(page.body, "Ordering and changes are not possible")) {
			t.Errorf("the quote can't be looked at: %d %v\n%s", page.status, err, page.body)
		}
		if sold := s.box.ledger(t); len(sold) > 0 {
			t.Fatalf("sold without a record: %+v", sold)
		}

		f.end(s)
		s.recovered()
		if page, err := p.ask(quote, nil); err != nil || strings.Contains(page.body, "Ordering and changes are not possible") {
			t.Errorf("it still says that nothing can be ordered: %v", err)
		}
		theOne(p, models.Buy, quote, url.Values{}, "")
	})
}

// onEachFaultInACall runs a case for each fault with one kind of order, and for
// the first with each kind.
func onEachFaultInACall(t *testing.T, run func(*testing.T, fault, models.Kind)) {
	t.Helper()
	t.Parallel()
	kinds := models.Kinds()
	for i, f := range faults() {
		for j, kind := range kinds {
			if i > 0 && j != i%len(kinds) {
				continue
			}
			t.Run(f.name+"/"+string(kind), func(t *testing.T) {
				t.Parallel()
				run(t, f, kind)
			})
		}
	}
}

// TestAnAnswerWaitsForTheRecord: the fault comes while the provider works, and
// outlasts the lease. The portal is the only one who knows the answer: it is
// written when that is possible, and nothing is sent a second time.
func TestAnAnswerWaitsForTheRecord(t *testing.T) {
	onEachFaultInACall(t, func(t *testing.T, f fault, kind models.Kind) {
		s, p := fragile(t, kind)
		before := s.box.asked(t, actions[kind])
		order := s.caughtInTheCall(p, kind, f)
		until(t, "an answer that can't be written", func() bool {
			return strings.Count(s.portal.out.String(), "can't write an answer") >= 2
		})
		time.Sleep(leaseOfTests)
		f.end(s)
		if status := p.settledSoon(order); status != models.Completed {
			t.Fatalf("the %s is %s\n%s", kind, status, s.portal.out)
		}
		if asked := s.box.asked(t, actions[kind]) - before; asked != 1 {
			t.Errorf("sent %d times", asked)
		}
		s.recovered()
		s.agree()
	})
}

// TestTheProgramDiesWithAnAnswerThatWasNotWritten: then nobody knows it, and the
// next start finds out by the same token.
func TestTheProgramDiesWithAnAnswerThatWasNotWritten(t *testing.T) {
	onEachFaultInACall(t, func(t *testing.T, f fault, kind models.Kind) {
		s, p := fragile(t, kind)
		order := s.caughtInTheCall(p, kind, f)
		until(t, "an answer that can't be written", func() bool {
			return strings.Contains(s.portal.out.String(), "can't write an answer")
		})
		s.portal.signal(syscall.SIGKILL)
		s.portal.end(t)
		f.end(s)
		s.restart()
		if status := p.settled(order); status != models.Completed {
			t.Fatalf("the %s is %s\n%s", kind, status, s.portal.out)
		}
		s.agree()
	})
}

// leaseOfTests is the lease of configure's timeout, and a little.
const leaseOfTests = 8 * time.Second

// caughtInTheCall places an order and lets a fault begin when the provider has
// answered, before that is written. It gives the order's page.
func (s *site) caughtInTheCall(p *person, kind models.Kind, f fault) string {
	s.t.Helper()
	quote := p.quote(kind)
	confirmed := p.confirmation(kind, quote)
	at := failpoint.AnswerJudged.String()
	s.arm(at + ":1:stop")
	order := make(chan string, 1)
	go func() { order <- p.placeOrDie(quote, confirmed) }()
	fallsAsleep(s.t, s.portal, at)
	s.disarm()
	f.begin(s)
	s.portal.signal(syscall.SIGCONT)
	to := <-order
	if to == "" {
		s.t.Fatalf("no order came of it\n%s", s.portal.out)
	}
	return to
}

// settledSoon is settled, for a page that may not be there at first.
func (p *person) settledSoon(order string) models.Status {
	p.t.Helper()
	var status models.Status
	until(p.t, order+" to be settled", func() bool {
		var err error
		status, err = p.status(order)
		return err == nil && (!status.Open() || status == models.NeedsReview)
	})
	return status
}

// TestADeathInTheMiddleOfACommitThatFailed: SQLite may find, after the program
// has died, a commit whole that it had called failed. The page said that it is
// not certain; there is one order of it at the most, and the button leads to it.
func TestADeathInTheMiddleOfACommitThatFailed(t *testing.T) {
	dbtest.NeedsSQLite(t)
	onEach(t, models.Kinds(), func(t *testing.T, kind models.Kind) {
		s, p := fragile(t, kind)
		quote := p.quote(kind)
		confirmed := p.confirmation(kind, quote)
		says("fsync")(s)
		a, err := p.ask(quote+"/order", confirmed)
		if err != nil || a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "It is not certain") {
			t.Fatalf("%d %v\n%s", a.status, err, a.body)
		}
		s.portal.signal(syscall.SIGKILL)
		s.portal.end(t)
		says("")(s)
		s.restart()
		theOne(p, kind, quote, confirmed, "")
	})
}

// TestAStartWithoutARecord ends with a sentence, or serves what there is to look
// at; the next one works.
func TestAStartWithoutARecord(t *testing.T) {
	dbtest.NeedsSQLite(t)
	t.Parallel()
	for _, word := range []string{"full", "io", "read-only"} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			s, p := fragile(t, models.Buy)
			p.quote(models.Buy)
			s.portal.signal(syscall.SIGKILL) // its log stays behind
			s.portal.end(t)
			says(word)(s)
			s.start()
			if s.url != "" { // where what is there is enough to look at
				s.noticed(models.FaultReadOnly)
				s.stop()
			} else if code := s.portal.end(t); code != 1 || !strings.Contains(s.portal.out.String(), "database") {
				t.Fatalf("%d\n%s", code, s.portal.out)
			}
			says("")(s)
			s.restart()
			p.carry(models.Buy)
			s.agree()
		})
	}
}

// TestFaultsUnderLoad: customers order while the record can't be written now
// and then, for a moment each time.
func TestFaultsUnderLoad(t *testing.T) {
	t.Parallel()
	k := newKiller(t, 17, 8, (*site).makeFragile)
	l := &load{t: t, over: make(chan struct{}), url: k.s.url, box: k.s.box, promises: map[string]string{}}
	for _, b := range k.buyers(l, 8) {
		b.think, b.chance = time.Second, rand.New(rand.NewPCG(17, uint64(b.account)))
		l.busy.Go(b.run)
	}
	for _, f := range faults() {
		time.Sleep(time.Second)
		f.begin(k.s)
		time.Sleep(2 * time.Second)
		f.end(k.s)
		k.s.recovered()
	}
	close(l.over)
	l.busy.Wait()
	if wrong := l.kept(k.s.agree()); len(wrong) > 0 {
		t.Fatal(strings.Join(wrong, "\n"))
	}
}
