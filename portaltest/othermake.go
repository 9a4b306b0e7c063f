package portaltest

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

//go:embed othermake.mjs
var otherMake []byte

// OtherMake is a running provider of other make: another language, other error
// codes, prices and dates. Every owner has 12 machines there.
type OtherMake struct {
	T        testing.TB
	Endpoint string
}

// The key that a provider of other make knows.
const (
	OtherKeyID  = "other-make-id"
	OtherSecret = "other-make-secret" // #nosec G101 -- a made-up provider's
)

// OtherEntry is one charge or refund in the books of a provider of other make.
type OtherEntry struct {
	Kind, Owner, Token, OrderID, InstanceID string
	Price                                   int64 // fen; negative for a refund
}

// NewOtherMake starts a provider of other make for as long as the test lasts.
func NewOtherMake(t testing.TB) *OtherMake {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is missing: run make deps")
	}
	file := filepath.Join(t.TempDir(), "othermake.mjs")
	if err := os.WriteFile(file, otherMake, 0o600); err != nil {
		t.Fatal(err)
	}
	other := exec.Command(node, file) // #nosec G204 -- our own program, on the machine's own Node.js
	pipe, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	other.Stderr = os.Stderr
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Process.Kill(); _ = other.Wait() })
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return &OtherMake{t, strings.TrimSpace(line)}
}

// Lever pulls one of its levers, such as "/spend-all", and reads what it says.
func (o *OtherMake) Lever(path string, into any) {
	o.T.Helper()
	res, err := http.Get(o.Endpoint + path)
	if err != nil {
		o.T.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if into == nil {
		return
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		o.T.Fatal(err)
	}
}

// Ledger lists what it charged and paid back, oldest first.
func (o *OtherMake) Ledger() []OtherEntry {
	o.T.Helper()
	var rows []OtherEntry
	o.Lever("/ledger", &rows)
	return rows
}

// Fault lets the next calls of an action go wrong.
func (o *OtherMake) Fault(action, how string, times int) {
	o.T.Helper()
	o.Lever("/fault?"+url.Values{"action": {action}, "how": {how}, "times": {strconv.Itoa(times)}}.Encode(), nil)
}
