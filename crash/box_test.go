package crash

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"portal/models"
	"portal/provider/sandbox"
)

// actions are the calls that carry out each kind of order.
var actions = map[models.Kind]string{
	models.Buy: sandbox.ActionCreateInstance, models.Renew: sandbox.ActionRenewInstance,
	models.Upgrade: sandbox.ActionUpgradeInstance, models.Refund: sandbox.ActionRefundInstance,
}

// box is a sandbox that runs as another process, and its levers.
type box struct {
	*process
	url   string
	state string // its file
}

// startBox starts one at an address, such as 127.0.0.1:0, over a state file.
func startBox(t testing.TB, dir, at, state string) *box {
	t.Helper()
	b := &box{state: state}
	until(t, "a sandbox at "+at, func() bool { // whose port may be taken by a passing connection
		b.process = start(t, breakable(t), dir, nil, "sandbox", "--at", at, "--state", state)
		if b.url = b.told(t, "The sandbox is at "); b.url == "" && !strings.Contains(b.out.String(), "address already in use") {
			t.Fatalf("the sandbox ended\n%s", b.out)
		}
		return b.url != ""
	})
	return b
}

// pull moves a lever, or reads one into a value.
func (b *box) pull(method, lever string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(method, b.url+"/control/"+lever, bytes.NewReader(data))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if data, err = io.ReadAll(res.Body); err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %d %s", method, lever, res.StatusCode, data)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(data, into)
}

func (b *box) fault(t testing.TB, rule sandbox.Rule) {
	t.Helper()
	if err := b.pull("POST", "faults", rule, nil); err != nil {
		t.Fatal(err)
	}
}

func (b *box) noFaults(t testing.TB) {
	t.Helper()
	if err := b.pull("DELETE", "faults", nil, nil); err != nil {
		t.Fatal(err)
	}
}

// asked is how many requests for an action arrived since its start.
func (b *box) asked(t testing.TB, action string) int {
	t.Helper()
	var requests map[string]int
	if err := b.pull("GET", "requests", nil, &requests); err != nil {
		t.Fatal(err)
	}
	return requests[action]
}

func (b *box) ledger(t testing.TB) []sandbox.Entry {
	t.Helper()
	var entries []sandbox.Entry
	if err := b.pull("GET", "ledger", nil, &entries); err != nil {
		t.Fatal(err)
	}
	return entries
}

func (b *box) instances(t testing.TB) []sandbox.Instance {
	t.Helper()
	var all []sandbox.Instance
	if err := b.pull("GET", "instances", nil, &all); err != nil {
		t.Fatal(err)
	}
	return all
}
