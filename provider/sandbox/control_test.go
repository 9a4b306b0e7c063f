package sandbox

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestControl(t *testing.T) {
	r := newRig(t, Config{})
	control := r.box.Control()
	do := func(method, path, body string, want int) string {
		t.Helper()
		w := httptest.NewRecorder()
		control.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		if w.Code != want {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	read := func(path string, into any) {
		t.Helper()
		if err := json.Unmarshal([]byte(do("GET", path, "", 200)), into); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}

	do("POST", "/faults", `{"action":"CreateInstance","owner_id":5,"fault":"delay-after","times":2,"delay":"1.5s"}`, 204)
	do("POST", "/faults", `{"fault":"throttle"}`, 204)
	want := []Rule{{Action: ActionCreateInstance, OwnerID: 5, Fault: FaultDelayAfter, Times: 2, Delay: 1500 * time.Millisecond}, {Fault: FaultThrottle}}
	var rules []Rule
	if read("/faults", &rules); !reflect.DeepEqual(rules, want) {
		t.Errorf("%+v", rules)
	}
	do("PUT", "/faults", `[{"fault":"refuse","times":1}]`, 204)
	if have := r.box.FaultRules(); len(have) != 1 || have[0].Fault != FaultRefuse {
		t.Errorf("%+v", have)
	}
	do("DELETE", "/faults", "", 204)
	if have := strings.TrimSpace(do("GET", "/faults", "", 200)); have != "[]" {
		t.Errorf("faults: %s", have)
	}
	var known []FaultInfo
	if read("/faults/known", &known); !reflect.DeepEqual(known, Faults()) {
		t.Errorf("%+v", known)
	}
	if have := strings.TrimSpace(do("GET", "/ledger", "", 200)); have != "[]" {
		t.Errorf("ledger: %s", have)
	}

	do("PUT", "/machines/1217259133477183", `{"machines":7}`, 204)
	contains(t, do("GET", "/machines/1217259133477183", "", 200), `"machines": 7`)
	do("PUT", "/balance", `{"balance_fen":42000}`, 204)
	contains(t, do("GET", "/balance", "", 200), `"balance_fen": 42000`)
	do("POST", "/clock", `{"advance_calendar":"24h","advance_gateway":"1m"}`, 204)
	var now clockJSON
	if read("/clock", &now); !now.Calendar.Equal(noon(2026, 2, 1)) || !now.Gateway.Equal(noon(2026, 1, 31).Add(time.Minute)) {
		t.Errorf("%+v", now)
	}
	r.ok(ActionCreateInstance, with(buyMonth("t"), "BuyNumber", "7"))
	var ledger []Entry
	if read("/ledger", &ledger); !reflect.DeepEqual(ledger, r.box.Ledger()) || len(ledger) != 1 || ledger[0].AmountFen != 42000 {
		t.Errorf("%+v", ledger)
	}
	var instances []Instance
	if read("/instances", &instances); !reflect.DeepEqual(instances, r.box.Instances()) {
		t.Errorf("%+v", instances)
	}
	contains(t, do("GET", "/requests", "", 200), `"CreateInstance": 1`)

	for _, bad := range [][3]string{
		{"POST", "/faults", `{"fault":"no such"}`},
		{"POST", "/faults", `{"fault":"throttle","tiems":1}`},
		{"POST", "/faults", `{"fault":"delay-after","delay":"soon"}`},
		{"POST", "/faults", `{"fault":"throttle"} {}`},
		{"PUT", "/faults", `{}`},
		{"PUT", "/machines/0", `{"machines":7}`},
		{"PUT", "/machines/x", `{"machines":7}`},
		{"GET", "/machines/x", ""},
		{"PUT", "/machines/7", `{"machines":-1}`},
		{"PUT", "/balance", `{"balance_fen":-1}`},
		{"POST", "/clock", `{"advance_calendar":"-1h"}`},
		{"POST", "/clock", `{"advance_gateway":"x"}`},
		{"PUT", "/balance", strings.Repeat(" ", maxBody+1)},
	} {
		do(bad[0], bad[1], bad[2], 400)
	}

	// A page on some other site cannot reach into it through a browser.
	w := httptest.NewRecorder()
	req := httptest.NewRequest("POST", "/faults", strings.NewReader(`{"fault":"throttle"}`))
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if control.ServeHTTP(w, req); w.Code != http.StatusForbidden {
		t.Errorf("cross-site: %d", w.Code)
	}
}

func TestReadSettings(t *testing.T) {
	cfg := Config{DefaultMachines: 3, HostID: "kept"}
	err := cfg.ReadSettings(strings.NewReader(`{
		"machines": {"1217259133477183": 5}, "balance_fen": 0, "token_lifetime": "1h", "release_after": "360h",
		"faults": [{"action": "CreateInstance", "fault": "drop-after", "times": 1}]}`))
	want := Config{
		Machines: map[int64]int{owner: 5}, DefaultMachines: 3, BalanceFen: EmptyAccount, HostID: "kept",
		TokenLifetime: time.Hour, ReleaseAfter: 15 * day,
		Faults: []Rule{{Action: ActionCreateInstance, Fault: FaultDropAfter, Times: 1}},
	}
	if err != nil || !reflect.DeepEqual(cfg, want) {
		t.Errorf("%+v, %v", cfg, err)
	}
	if err := cfg.ReadSettings(strings.NewReader(`{"default_machines": 8, "balance_fen": 5}`)); err != nil || cfg.DefaultMachines != 8 || cfg.BalanceFen != 5 {
		t.Errorf("%+v, %v", cfg, err)
	}
	for _, bad := range []string{"", "[]", `{"machines": {"x": 1}}`, `{"token_lifetime": "1 day"}`, `{"secret": "x"}`, "{} {}", `{"faults": [{"foult": "throttle"}]}`} {
		if err := new(Config).ReadSettings(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, bad := range []Config{
		{AccessKeys: map[string]string{"id": ""}},
		{AccessKeys: map[string]string{"": "secret"}},
		{Machines: map[int64]int{0: 1}},
		{Machines: map[int64]int{1: -1}},
		{Machines: map[int64]int{1: maxMachines + 1}},
		{DefaultMachines: -1},
		{BalanceFen: -2},
		{TokenLifetime: -1},
		{ReleaseAfter: -1},
	} {
		if _, err := New(bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	box, err := New(Config{})
	if err != nil {
		t.Fatal("the zero Config works:", err)
	}
	if err := box.Close(); err != nil {
		t.Error(err)
	}
}

// Nothing that could sign or repeat a request reaches the log.
func TestLogTellsNoSecrets(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, Config{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	p := signed("POST", r.clock.now(), with(buyMonth("the-token"), "Action", ActionCreateInstance, "OwnerId", "1217259133477183"))
	for range 2 { // one that works, one that is refused
		r.send("POST", p)
	}
	r.mustDo(r.box.AddFault(Rule{Fault: FaultThrottle}))
	r.call(ActionCreateInstance, buyMonth("the-token"))
	r.srv.Close()
	text := log.String()
	contains(t, text, "action=CreateInstance")
	contains(t, text, "code=SignatureNonceUsed")
	contains(t, text, "fault=throttle")
	for _, secret := range []string{"the-token", DemoAccessKeyID, DemoAccessKeySecret, p["Signature"], p["SignatureNonce"]} {
		if strings.Contains(text, secret) {
			t.Errorf("the log tells %q:\n%s", secret, text)
		}
	}
}
