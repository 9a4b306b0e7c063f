package sandbox

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A client that none of us wrote, the npm package @alicloud/pop-core, makes all
// five calls by GET and by POST. It signs with the real time, so the sandbox's
// clock is the real one here.
func TestPopCoreClient(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is missing: install Node.js, then run make deps")
	}
	if _, err := os.Stat(filepath.Join("popcore", "node_modules", "@alicloud", "pop-core")); err != nil {
		t.Fatal("popcore/node_modules is missing: run make deps")
	}
	r := newRig(t, Config{Now: time.Now, DefaultMachines: 5, Machines: map[int64]int{}})

	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), node, "drive.js", r.srv.URL, DemoAccessKeyID)
	cmd.Dir = "popcore"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(DemoAccessKeySecret), &out, &complaint
	// Nothing between the client and the sandbox, whatever this machine is set to.
	cmd.Env = append(os.Environ(), "HTTP_PROXY=", "http_proxy=", "NODE_OPTIONS=")
	if err := cmd.Run(); err != nil {
		t.Fatalf("drive.js: %v\n%s", err, &complaint)
	}
	var seen []struct {
		Method, Action string
		Answer         *got
		Refused        *struct {
			Code   string
			Status int
		}
	}
	if err := json.Unmarshal(out.Bytes(), &seen); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}

	want := []struct{ action, refused string }{
		{ActionGetInstanceCount, ""},
		{ActionCreateInstance, ""},
		{ActionCreateInstance, ""},
		{ActionCreateInstance, "400 IdempotentParameterMismatch"},
		{ActionRenewInstance, ""},
		{ActionUpgradeInstance, ""},
		{ActionRefundInstance, ""},
		{ActionRefundInstance, "400 InvalidInstance.Released"},
		{ActionGetInstanceCount, "400 SignatureDoesNotMatch"},
	}
	ledger := r.box.Ledger()
	if len(seen) != 2*len(want) || len(ledger) != 2*4 {
		t.Fatalf("%d calls and %d entries\n%s", len(seen), len(ledger), &out)
	}
	for half, method := range []string{"GET", "POST"} {
		calls, entries := seen[half*len(want):][:len(want)], ledger[half*4:][:4]
		for i, w := range want {
			c := calls[i]
			if c.Method != method || c.Action != w.action {
				t.Fatalf("call %d is %s %s", i, c.Method, c.Action)
			}
			if w.refused != "" {
				if c.Refused == nil || w.refused != "400 "+c.Refused.Code || c.Refused.Status != 400 {
					t.Errorf("%s %s: want %s, got %+v", method, w.action, w.refused, c.Refused)
				}
				continue
			}
			if c.Answer == nil || c.Answer.RequestID == "" {
				t.Fatalf("%s %s: %+v", method, w.action, c)
			}
		}
		if n := calls[0].Answer; n.Data != 5 || n.Success == nil || !*n.Success {
			t.Errorf("%s GetInstanceCount: %+v", method, n)
		}
		if a, b := calls[1].Answer, calls[2].Answer; a.OrderID == "" || a.InstanceID == "" || a.OrderID != b.OrderID || a.InstanceID != b.InstanceID {
			t.Errorf("%s CreateInstance: %+v, then %+v", method, a, b)
		}
		for entry, call := range map[int]int{0: 1, 1: 4, 2: 5} {
			if entries[entry].OrderID != calls[call].Answer.OrderID || entries[entry].Action != calls[call].Action {
				t.Errorf("%s %s: %+v, ledger %+v", method, calls[call].Action, calls[call].Answer, entries[entry])
			}
		}
		if token := method + " buy +*~/&=%!'()"; entries[0].ClientToken != token {
			t.Errorf("the token arrived as %q", entries[0].ClientToken)
		}
		if e := entries[3]; e.Kind != Refund || e.AmountFen != entries[0].AmountFen+entries[1].AmountFen+entries[2].AmountFen {
			t.Errorf("%s RefundInstance: %+v", method, e)
		}
	}
}

// The lock file must work with any registry, so it names none.
func TestLockFileNamesNoRegistry(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("popcore", "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"http://", "https://", `"resolved"`} {
		if bytes.Contains(b, []byte(host)) {
			t.Errorf("package-lock.json contains %s", host)
		}
	}
}
