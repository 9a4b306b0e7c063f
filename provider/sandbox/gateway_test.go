package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

var countCall = params{"Action": ActionGetInstanceCount, "OwnerId": strconv.FormatInt(owner, 10)}

func TestGatewayAdmitsGetAndPostQueryAndForm(t *testing.T) {
	r := newRig(t, Config{})
	now := r.clock.now()
	form := func(query, body params) got {
		req, err := http.NewRequest(http.MethodPost, r.srv.URL+"/?"+encode(query), strings.NewReader(encode(body)))
		r.mustDo(err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		return r.do(req)
	}
	split := func(p params) (query, body params) {
		query, body = params{}, params{}
		for name, value := range p {
			if strings.HasPrefix(name, "S") {
				body[name] = value
			} else {
				query[name] = value
			}
		}
		return query, body
	}
	query, body := split(signed("POST", now, countCall))
	for name, g := range map[string]got{
		"GET":               r.send("GET", signed("GET", now, countCall)),
		"POST, query":       r.send("POST", signed("POST", now, countCall)),
		"POST, form":        form(nil, signed("POST", now, countCall)),
		"POST, both":        form(query, body),
		"odd values signed": r.send("GET", signed("GET", now, with(countCall, "Extra", "专 +*~/&="))),
	} {
		if g.err != nil || g.status != 200 || g.Data != 5 || g.Success == nil || !*g.Success || g.RequestID == "" {
			t.Errorf("%s: %d %v %s", name, g.status, g.err, g.body)
		}
		if date := g.header.Get("Date"); date != now.Format(http.TimeFormat) {
			t.Errorf("%s: Date %q is not the sandbox's clock", name, date)
		}
	}
}

func TestGatewayRefuses(t *testing.T) {
	r := newRig(t, Config{})
	now := r.clock.now()
	for _, c := range []struct {
		name   string
		params params
		status int
		code   string
	}{
		{"no Action", params{"Action": "-"}, 400, "MissingParameter.Action"},
		{"no Version", params{"Version": "-"}, 400, "MissingParameter.Version"},
		{"no AccessKeyId", params{"AccessKeyId": "-"}, 400, "MissingParameter.AccessKeyId"},
		{"no SignatureNonce", params{"SignatureNonce": "-"}, 400, "MissingParameter.SignatureNonce"},
		{"no Timestamp", params{"Timestamp": "-"}, 400, "MissingParameter.Timestamp"},
		{"no Signature", params{"Signature": "-"}, 400, "IncompleteSignature"},
		{"no Format", params{"Format": "-"}, 400, "InvalidParameter.Format"},
		{"XML", params{"Format": "XML"}, 400, "InvalidParameter.Format"},
		{"unknown Action", params{"Action": "DescribeRegions"}, 404, "InvalidApi.NotFound"},
		{"other Version", params{"Version": "2018-12-03"}, 404, "InvalidApi.NotFound"},
		{"other SignatureMethod", params{"SignatureMethod": "HMAC-SHA256"}, 400, "InvalidParameter.SignatureMethod"},
		{"other SignatureVersion", params{"SignatureVersion": "2.0"}, 400, "InvalidParameter.SignatureVersion"},
		{"unknown key", params{"AccessKeyId": "nobody"}, 404, "InvalidAccessKeyId.NotFound"},
		{"odd Timestamp", params{"Timestamp": now.Format(time.RFC1123)}, 400, "InvalidTimeStamp.Format"},
		{"Timestamp with a zone", params{"Timestamp": "2026-01-31T12:00:00+08:00"}, 400, "InvalidTimeStamp.Format"},
		{"Timestamp too old", params{"Timestamp": now.Add(-15*time.Minute - time.Second).Format(timestampLayout)}, 400, "InvalidTimeStamp.Expired"},
		{"Timestamp too new", params{"Timestamp": now.Add(15*time.Minute + time.Second).Format(timestampLayout)}, 400, "InvalidTimeStamp.Expired"},
		{"Timestamp just old enough", params{"Timestamp": now.Add(-15 * time.Minute).Format(timestampLayout)}, 200, ""},
		{"Timestamp just new enough", params{"Timestamp": now.Add(15 * time.Minute).Format(timestampLayout)}, 200, ""},
		{"wrong Signature", params{"Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, 400, "SignatureDoesNotMatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			g := r.send("POST", signed("POST", now, with(countCall, pairs(c.params)...)))
			if c.status == 200 {
				if g.status != 200 {
					t.Fatalf("%d %s", g.status, g.body)
				}
				return
			}
			r.wantError(g, c.status, c.code)
		})
	}

	sub := func(name string, try func()) {
		t.Run(name, func(t *testing.T) {
			r.t = t
			try()
		})
	}
	sub("signed for another method", func() {
		r.wantError(r.send("GET", signed("POST", now, countCall)), 400, "SignatureDoesNotMatch")
	})
	sub("changed after signing", func() {
		p := signed("POST", now, countCall)
		p["OwnerId"] = strconv.FormatInt(other, 10)
		r.wantError(r.send("POST", p), 400, "SignatureDoesNotMatch")
	})
	sub("another method", func() {
		r.wantError(r.send("PUT", signed("PUT", now, countCall)), 403, "UnsupportedHTTPMethod")
	})
	sub("another path", func() {
		req, err := http.NewRequest("POST", r.srv.URL+"/api?"+encode(signed("POST", now, countCall)), nil)
		r.mustDo(err)
		r.wantError(r.do(req), 404, "InvalidApi.NotFound")
	})
	sub("a parameter twice", func() {
		req, err := http.NewRequest("POST", r.srv.URL+"/?"+encode(signed("POST", now, countCall))+"&OwnerId=1", nil)
		r.mustDo(err)
		r.wantError(r.do(req), 400, "InvalidParameter.OwnerId")
	})
	sub("ill-encoded", func() {
		req, err := http.NewRequest("POST", r.srv.URL+"/", nil)
		r.mustDo(err)
		req.URL.RawQuery = "OwnerId=%zz"
		r.wantError(r.do(req), 400, "InvalidParameter")
	})
	sub("a body without end", func() {
		req, err := http.NewRequest("POST", r.srv.URL+"/", strings.NewReader(strings.Repeat("a", maxBody+1)))
		r.mustDo(err)
		r.wantError(r.do(req), 400, "InvalidParameter")
	})
	r.t = t
	r.wantLedger()
}

func pairs(p params) []string {
	var list []string
	for k, v := range p {
		list = append(list, k, v)
	}
	return list
}

func TestNonceIsUsedOnce(t *testing.T) {
	r := newRig(t, Config{})
	p := signed("POST", r.clock.now(), countCall)
	if g := r.send("POST", p); g.status != 200 {
		t.Fatalf("%d %s", g.status, g.body)
	}
	r.wantError(r.send("POST", p), 400, "SignatureNonceUsed")

	// A forged copy does not use somebody's nonce up.
	fresh := signed("POST", r.clock.now(), countCall)
	forged := with(fresh, "Signature", "forged")
	r.wantError(r.send("POST", forged), 400, "SignatureDoesNotMatch")
	if g := r.send("POST", fresh); g.status != 200 {
		t.Fatalf("%d %s", g.status, g.body)
	}

	// A Timestamp 15 minutes ahead stays good for 30, and so must the memory.
	ahead := signed("POST", r.clock.now().Add(15*time.Minute), countCall)
	if g := r.send("POST", ahead); g.status != 200 {
		t.Fatalf("%d %s", g.status, g.body)
	}
	r.clock.advance(30 * time.Minute)
	r.wantError(r.send("POST", ahead), 400, "SignatureNonceUsed")
	r.clock.advance(time.Second)
	r.wantError(r.send("POST", ahead), 400, "InvalidTimeStamp.Expired")

	// Long after, it is forgotten.
	r.clock.advance(time.Hour)
	again := signed("POST", r.clock.now(), with(countCall, "SignatureNonce", p["SignatureNonce"]))
	if g := r.send("POST", again); g.status != 200 {
		t.Fatalf("%d %s", g.status, g.body)
	}
	if n := len(r.box.state.nonces.queue); n != 1 {
		t.Errorf("%d nonces are kept, want 1", n)
	}
}

// Two copies of one request at the same time: one arrives, one is told so.
func TestNonceUnderConcurrency(t *testing.T) {
	r := newRig(t, Config{})
	p := signed("POST", r.clock.now(), countCall)
	answers := make(chan got)
	for range 8 {
		go func() { answers <- r.send("POST", p) }()
	}
	admitted := 0
	for range 8 {
		g := <-answers
		if g.status == 200 {
			admitted++
			continue
		}
		r.wantError(g, 400, "SignatureNonceUsed")
	}
	if admitted != 1 {
		t.Errorf("%d copies were admitted", admitted)
	}
}

func TestGatewayClockOff(t *testing.T) {
	r := newRig(t, Config{})
	r.mustDo(r.box.AdvanceGateway(20 * time.Minute))
	g := r.send("POST", signed("POST", r.clock.now(), countCall))
	r.wantError(g, 400, "InvalidTimeStamp.Expired")
	if date := g.header.Get("Date"); date != r.clock.now().Add(20*time.Minute).Format(http.TimeFormat) {
		t.Errorf("Date %q does not tell by how much", date)
	}
	r.mustDo(r.box.AdvanceGateway(-20 * time.Minute))
	r.ok(ActionGetInstanceCount, nil)
}

func TestOwnKeys(t *testing.T) {
	r := newRig(t, Config{AccessKeys: map[string]string{"alpha": "one"}})
	r.wantError(r.send("POST", signed("POST", r.clock.now(), countCall)), 404, "InvalidAccessKeyId.NotFound")
	p := signed("POST", r.clock.now(), with(countCall, "AccessKeyId", "alpha"))
	r.wantError(r.send("POST", p), 400, "SignatureDoesNotMatch")
	p["Signature"] = signature("POST", "one", p)
	if g := r.send("POST", p); g.status != 200 {
		t.Fatalf("%d %s", g.status, g.body)
	}
}
