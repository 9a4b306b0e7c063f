package sandbox

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"sync"
	"time"
)

// The key pairs a sandbox accepts when its Config names none: the portal owner's,
// and two resellers'. They open nothing but a sandbox, so they may stand in
// documentation and in tests.
const (
	DemoAccessKeyID     = "sandbox-demo-key"
	DemoAccessKeySecret = "sandbox-demo-not-a-secret" // #nosec G101 -- opens nothing but a sandbox

	EastAccessKeyID      = "sandbox-east-key"
	EastAccessKeySecret  = "sandbox-east-not-a-secret" // #nosec G101 -- opens nothing but a sandbox
	NorthAccessKeyID     = "sandbox-north-key"
	NorthAccessKeySecret = "sandbox-north-not-a-secret" // #nosec G101 -- opens nothing but a sandbox
)

// DemoKeys are these pairs, as Config.AccessKeys has them.
func DemoKeys() map[string]string {
	return map[string]string{
		DemoAccessKeyID:  DemoAccessKeySecret,
		EastAccessKeyID:  EastAccessKeySecret,
		NorthAccessKeyID: NorthAccessKeySecret,
	}
}

// Defaults of Config.
const (
	// DefaultBalanceFen is the opening balance: 1,000,000.00 CNY.
	DefaultBalanceFen int64 = 100_000_000
	// DefaultTokenLifetime: the document names none; the shared page says 24 hours.
	DefaultTokenLifetime = 24 * time.Hour
	// DefaultHostID is what error bodies carry as HostId.
	DefaultHostID = "sas-api.sandbox.invalid"
)

// EmptyAccount as Config.BalanceFen opens the sandbox without any money.
const EmptyAccount int64 = -1

// maxMachines keeps every price far inside int64.
const maxMachines = 1_000_000

// Config is everything a Sandbox is told at its start. Its zero value works:
// in memory, the demo key pair, every owner without machines.
type Config struct {
	// StatePath is the journal's file; empty keeps the state in memory only.
	StatePath string
	// Draft lets no call wait for the disk: the state file is durable once the
	// sandbox is closed, and not before. For who makes a state that is thrown away
	// when that is cut off.
	Draft bool
	// AccessKeys maps each accepted AccessKeyId to its secret. Nil: DemoKeys. Any
	// of them may name any owner: the document has no rule of whose an owner is.
	AccessKeys map[string]string
	// Machines is the number of ECS and RDS instances of each owner. A count
	// later set with SetMachines is kept in the state file and wins.
	Machines map[int64]int
	// DefaultMachines is the count of owners that Machines does not name.
	DefaultMachines int
	// BalanceFen is the opening balance in fen: 0 means DefaultBalanceFen,
	// EmptyAccount means none. A state file that exists keeps its own balance.
	BalanceFen int64
	// TokenLifetime is how long a ClientToken is remembered. 0 means
	// DefaultTokenLifetime. After it the same token is a new order, and charges.
	TokenLifetime time.Duration
	// ReleaseAfter releases an instance that long after its end. 0 means never:
	// the document does not say when the provider does, so nothing is assumed.
	ReleaseAfter time.Duration
	// HostID is the HostId of error bodies. Empty: DefaultHostID.
	HostID string
	// Now is the gateway's clock. Nil: time.Now.
	Now func() time.Time
	// Calendar is the clock of periods, ledger and tokens. Nil: Now.
	Calendar func() time.Time
	// Faults are the rules to start with. They are configuration, not state:
	// a restart begins with the Config's again.
	Faults []Rule
	// Logger gets a line for each request, never with a secret, signature or
	// ClientToken in it. Nil: silence.
	Logger *slog.Logger
}

// Sandbox is the stand-in provider. It is safe for concurrent use.
type Sandbox struct {
	cfg     Config
	log     *slog.Logger
	faults  faultRules
	journal *journal
	closing chan struct{} // closed by Close: ends every delay
	after   func(time.Duration) <-chan time.Time

	// mu is held for a whole piece of work, so two copies of one request can
	// never both find their ClientToken unused.
	mu       sync.Mutex
	state    *state
	requests map[string]int
	signed   map[string]map[string]int // by AccessKeyId, then Action
	closed   bool
}

// New checks the configuration, opens the state file (creating it when it is
// not there) and returns a Sandbox that continues where the file ends. It fails
// when another process holds the file.
func New(cfg Config) (*Sandbox, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	s := &Sandbox{
		cfg:      cfg,
		log:      cfg.Logger,
		closing:  make(chan struct{}),
		after:    time.After,
		state:    newState(),
		requests: make(map[string]int),
		signed:   make(map[string]map[string]int),
	}
	if err := s.faults.set(cfg.Faults); err != nil {
		return nil, err
	}
	j, dropped, err := openJournal(cfg.StatePath, s.state.apply)
	if err != nil {
		return nil, err
	}
	j.draft = cfg.Draft
	s.journal = j
	if dropped > 0 {
		s.log.Warn("sandbox: dropped a torn last line of the state file; nobody was answered about it", "bytes", dropped)
	}
	if !s.state.opened {
		opening := cfg.BalanceFen
		if err := s.record(record{At: s.calendar(), Balance: &opening}); err != nil {
			return nil, errors.Join(err, j.close())
		}
		if err := j.sync(); err != nil {
			return nil, errors.Join(err, j.close())
		}
	}
	return s, nil
}

func (c *Config) complete() error {
	if c.AccessKeys == nil {
		c.AccessKeys = DemoKeys()
	}
	for id, secret := range c.AccessKeys {
		if id == "" || secret == "" {
			return errors.New("sandbox: an access key needs an id and a secret")
		}
	}
	for owner, n := range c.Machines {
		if err := checkMachines(owner, n); err != nil {
			return err
		}
	}
	if c.DefaultMachines < 0 || c.DefaultMachines > maxMachines {
		return fmt.Errorf("sandbox: default machines must be 0 to %d, not %d", maxMachines, c.DefaultMachines)
	}
	switch {
	case c.BalanceFen == 0:
		c.BalanceFen = DefaultBalanceFen
	case c.BalanceFen == EmptyAccount:
		c.BalanceFen = 0
	case c.BalanceFen < 0 || c.BalanceFen > math.MaxInt64/2:
		return fmt.Errorf("sandbox: balance of %d fen is out of range", c.BalanceFen)
	}
	if c.TokenLifetime < 0 || c.ReleaseAfter < 0 {
		return errors.New("sandbox: token lifetime and release time cannot be negative")
	}
	if c.TokenLifetime == 0 {
		c.TokenLifetime = DefaultTokenLifetime
	}
	if c.HostID == "" {
		c.HostID = DefaultHostID
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Calendar == nil {
		c.Calendar = c.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

func checkMachines(owner int64, n int) error {
	if owner <= 0 {
		return fmt.Errorf("sandbox: owner id %d is not positive", owner)
	}
	if n < 0 || n > maxMachines {
		return fmt.Errorf("sandbox: machines must be 0 to %d, not %d", maxMachines, n)
	}
	return nil
}

// Close ends all delays, lets work that holds the state finish, and gives the
// state file back. Requests that come later are cut off. Close the Sandbox
// before its http.Server, which would otherwise wait for the delays.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	close(s.closing)
	return s.journal.close()
}

// AdvanceCalendar moves periods, ledger times and token lifetimes ahead by d.
// It never goes back: what was sold is already dated.
func (s *Sandbox) AdvanceCalendar(d time.Duration) error {
	if d < 0 {
		return errors.New("sandbox: the calendar only moves forward")
	}
	if err := s.mayAdvance(d, func() time.Duration { return s.state.calendarOffset }); err != nil {
		return err
	}
	return s.change(func(at time.Time) record {
		off := s.state.calendarOffset + d
		return record{At: at, CalendarOffset: &off}
	})
}

// AdvanceGateway moves the clock that Timestamps are checked against and that
// the Date header tells, by d, either way: the "clock is off" fault.
func (s *Sandbox) AdvanceGateway(d time.Duration) error {
	if err := s.mayAdvance(d, func() time.Duration { return s.state.gatewayOffset }); err != nil {
		return err
	}
	return s.change(func(at time.Time) record {
		off := s.state.gatewayOffset + d
		return record{At: at, GatewayOffset: &off}
	})
}

// furthest is how far either clock may be moved from the machine's: beyond some
// 290 years a time.Duration overflows, and the clock would run back.
const furthest = 100 * 365 * 24 * time.Hour

// mayAdvance says whether a clock that stands at offset may move by d.
func (s *Sandbox) mayAdvance(d time.Duration, offset func() time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if off := offset(); d > furthest-off || d < -furthest-off {
		return errors.New("sandbox: the clocks move at most 100 years from the machine's")
	}
	return nil
}

// SetMachines sets how many ECS and RDS instances an owner has from now on.
func (s *Sandbox) SetMachines(owner int64, n int) error {
	if err := checkMachines(owner, n); err != nil {
		return err
	}
	return s.change(func(at time.Time) record {
		return record{At: at, Machines: &machinesSet{OwnerID: owner, Count: n}}
	})
}

// SetBalance sets the balance, in fen, that charges are taken from.
func (s *Sandbox) SetBalance(fen int64) error {
	if fen < 0 || fen > math.MaxInt64/2 {
		return fmt.Errorf("sandbox: balance of %d fen is out of range", fen)
	}
	return s.change(func(at time.Time) record {
		return record{At: at, Balance: &fen}
	})
}

// change records one thing that a lever, not a caller of the API, did.
func (s *Sandbox) change(step func(at time.Time) record) error {
	s.mu.Lock()
	err := s.record(step(s.calendar()))
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.journal.sync()
}

// calendar is the time periods and the ledger go by, in UTC and whole seconds.
// Callers hold mu.
func (s *Sandbox) calendar() time.Time { return s.moment().Truncate(time.Second) }

// moment is the calendar's time to its last digit. Callers hold mu.
func (s *Sandbox) moment() time.Time {
	return s.cfg.Calendar().Add(s.state.calendarOffset).UTC()
}

// Now is the time the gateway goes by, in UTC: that of Rule.Until, too.
func (s *Sandbox) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gatewayTime()
}

// gatewayTime is Now. Callers hold mu.
func (s *Sandbox) gatewayTime() time.Time {
	return s.cfg.Now().Add(s.state.gatewayOffset).UTC()
}

var _ http.Handler = (*Sandbox)(nil)
