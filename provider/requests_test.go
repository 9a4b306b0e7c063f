package provider

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/models"
)

// percent is RFC 3986's encoding, as the signature is defined over it.
func percent(s string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + strings.ToUpper(string("0123456789abcdef"[c>>4])+string("0123456789abcdef"[c&15])))
		}
	}
	return b.String()
}

// sign computes the RPC signature from the wire, by nobody's library.
func sign(method string, q url.Values, secret string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if name != "Signature" {
			pairs = append(pairs, percent(name)+"="+percent(q.Get(name)))
		}
	}
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(method + "&%2F&" + percent(strings.Join(pairs, "&"))))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestWire(t *testing.T) {
	autoRenew := buy()
	autoRenew.AutoRenew, autoRenew.AutoRenewMonths = true, 3
	bigOwner := refund()
	bigOwner.OwnerID = 9223372036854775807 // a float64 would round it
	for _, tc := range []struct {
		what, action string
		call         *models.Call // nil for GetInstanceCount
		want         map[string]string
	}{
		{"count", "GetInstanceCount", nil, map[string]string{"OwnerId": "1217259133477183"}},
		{"buy", "CreateInstance", ptr(buy()), map[string]string{
			"OwnerId": "1217259133477183", "ClientToken": token, "Duration": "6", "PricingCycle": "Month",
			"VersionCode": "level1", "BuyNumber": "12", "IsAutoRenew": "false",
		}},
		{"buy with auto-renew", "CreateInstance", &autoRenew, map[string]string{
			"OwnerId": "1217259133477183", "ClientToken": token, "Duration": "6", "PricingCycle": "Month",
			"VersionCode": "level1", "BuyNumber": "12", "IsAutoRenew": "true", "AutoRenewDuration": "3",
		}},
		{"renew", "RenewInstance", ptr(renew()), map[string]string{
			"OwnerId": "1217259133477183", "InstanceId": "sas-1", "ClientToken": token, "Duration": "1",
			"PricingCycle": "Year", "BuyNumber": "12",
		}},
		{"upgrade", "UpgradeInstance", ptr(upgrade()), map[string]string{
			"OwnerId": "1217259133477183", "InstanceId": "sas-1", "ClientToken": token, "VersionCode": "level2", "BuyNumber": "13",
		}},
		{"refund", "RefundInstance", ptr(refund()), map[string]string{"OwnerId": "1217259133477183", "InstanceId": "sas-1"}},
		{"refund of the largest owner", "RefundInstance", &bigOwner, map[string]string{
			"OwnerId": "9223372036854775807", "InstanceId": "sas-1",
		}},
	} {
		for _, securityToken := range []string{"", testToken} {
			t.Run(tc.what, func(t *testing.T) {
				g := serve(t, answer(200, `{"Data":3,"Success":true,"OrderId":"1","InstanceId":"i","RequestId":"R"}`))
				c := client(t, g.URL, func(c *Config) { c.Credentials = Fixed(testID, testSecret, securityToken) })
				before := time.Now().Add(-time.Second)
				if tc.call == nil {
					if _, err := c.Count(t.Context(), "", 1217259133477183); err != nil {
						t.Fatal(err)
					}
				} else {
					wantOutcome(t, c.Sell(t.Context(), *tc.call), models.OutcomeDone)
				}
				r := g.last()
				if r.Method != http.MethodPost || r.URL.Path != "/" || r.ContentLength != 0 {
					t.Errorf("%s %s with %d bytes of body", r.Method, r.URL.Path, r.ContentLength)
				}
				q := r.URL.Query()
				got := map[string]string{}
				for name, values := range q {
					if len(values) != 1 {
						t.Errorf("%s stands %d times", name, len(values))
					}
					got[name] = values[0]
				}
				if want := sign("POST", q, testSecret); got["Signature"] != want {
					t.Errorf("signature %q, want %q", got["Signature"], want)
				}
				at, err := time.Parse("2006-01-02T15:04:05Z", got["Timestamp"])
				if err != nil || at.Before(before) || at.After(time.Now().Add(time.Second)) {
					t.Errorf("timestamp %q", got["Timestamp"])
				}
				if len(got["SignatureNonce"]) < 16 {
					t.Errorf("nonce %q", got["SignatureNonce"])
				}
				want := map[string]string{
					"Action": tc.action, "Version": "2017-07-05", "Format": "JSON", "RegionId": "cn-hangzhou",
					"AccessKeyId": testID, "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureType": "",
				}
				if securityToken != "" {
					want["SecurityToken"] = securityToken
				}
				maps.Copy(want, tc.want)
				for _, fresh := range []string{"Signature", "SignatureNonce", "Timestamp"} {
					delete(got, fresh)
				}
				if !maps.Equal(got, want) {
					t.Errorf("sent %v\nwant %v", got, want)
				}
			})
		}
	}
}

func ptr[T any](v T) *T { return &v }

// A second sending has a new nonce and signature, and otherwise the very same
// parameters.
func TestSameCallSameParameters(t *testing.T) {
	g := serve(t, answer(200, bought))
	c := client(t, g.URL)
	c.Sell(t.Context(), buy())
	first := g.last().URL.Query()
	c.Sell(t.Context(), buy())
	second := g.last().URL.Query()
	if first.Get("SignatureNonce") == second.Get("SignatureNonce") {
		t.Error("the nonce was used twice")
	}
	for _, fresh := range []string{"Signature", "SignatureNonce", "Timestamp"} {
		first.Del(fresh)
		second.Del(fresh)
	}
	if first.Encode() != second.Encode() {
		t.Errorf("sent %s, then %s", first.Encode(), second.Encode())
	}
}

func TestRequestIsWhatIsSent(t *testing.T) {
	c := client(t, "http://127.0.0.1:1")
	call := buy()
	call.AutoRenew, call.AutoRenewMonths, call.VersionCode = true, 1, "level 1&"
	for kind, want := range map[models.Kind]string{
		models.Buy: "CreateInstance AutoRenewDuration=1 BuyNumber=12 ClientToken=" + token +
			" Duration=6 IsAutoRenew=true OwnerId=1217259133477183 PricingCycle=Month VersionCode=level+1%26",
		models.Renew: "RenewInstance BuyNumber=12 ClientToken=" + token +
			" Duration=1 InstanceId=sas-1 OwnerId=1217259133477183 PricingCycle=Year",
		models.Upgrade: "UpgradeInstance BuyNumber=13 ClientToken=" + token +
			" InstanceId=sas-1 OwnerId=1217259133477183 VersionCode=level2",
		models.Refund: "RefundInstance InstanceId=sas-1 OwnerId=1217259133477183",
		"":            "none",
	} {
		got := c.Request(map[models.Kind]models.Call{
			models.Buy: call, models.Renew: renew(), models.Upgrade: upgrade(), models.Refund: refund(), "": {},
		}[kind])
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", kind, got, want)
		}
	}
}

// The SDK drops empty parameters. A call that lacks one must not leave.
func TestIncompleteCallIsNotSent(t *testing.T) {
	g := serve(t, answer(200, bought))
	c := client(t, g.URL)
	for what, edit := range map[string]func(*models.Call){
		"kind":             func(c *models.Call) { c.Kind = "gift" },
		"owner":            func(c *models.Call) { c.OwnerID = 0 },
		"token":            func(c *models.Call) { c.ClientToken = "" },
		"long token":       func(c *models.Call) { c.ClientToken = strings.Repeat("x", 65) },
		"token's letters":  func(c *models.Call) { c.ClientToken = "令牌" },
		"version":          func(c *models.Call) { c.VersionCode = "" },
		"cycle":            func(c *models.Call) { c.Cycle = "Week" },
		"duration":         func(c *models.Call) { c.Duration = 0 },
		"count":            func(c *models.Call) { c.InstanceCount = 0 },
		"auto-renew":       func(c *models.Call) { c.AutoRenew = true },
		"refund, instance": func(c *models.Call) { *c = refund(); c.InstanceID = "" },
		"renew, instance":  func(c *models.Call) { *c = renew(); c.InstanceID = "" },
		"renew, token":     func(c *models.Call) { *c = renew(); c.ClientToken = "" },
		"upgrade, version": func(c *models.Call) { *c = upgrade(); c.VersionCode = "" },
		"upgrade, count":   func(c *models.Call) { *c = upgrade(); c.InstanceCount = -1 },
		"unknown profile":  func(c *models.Call) { c.CredentialProfile = "other" },
	} {
		call := buy()
		edit(&call)
		a := c.Sell(t.Context(), call)
		if a.Outcome != models.OutcomeNotSent || a.Response == "" {
			t.Errorf("%s: %+v", what, a)
		}
	}
	if hits, _ := g.count(); hits != 0 {
		t.Errorf("%d requests arrived", hits)
	}
}
