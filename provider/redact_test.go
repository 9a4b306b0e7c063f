package provider

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"portal/models"
)

// leaks lists the secrets that stand in text, in any of the usual spellings.
func leaks(text string, secrets ...string) (found []string) {
	for _, s := range secrets {
		for how, f := range map[string]string{
			"plain": s, "URL": url.QueryEscape(s), "URL twice": url.QueryEscape(url.QueryEscape(s)), "percent": percent(s),
			"percent twice": percent(percent(s)), "HTML": html.EscapeString(s), "JSON": strings.Trim(fmt.Sprintf("%q", s), `"`),
			"JSON slashes": strings.ReplaceAll(s, "/", `\/`),
		} {
			if strings.Contains(strings.ToLower(text), strings.ToLower(f)) {
				found = append(found, how+": "+f)
			}
		}
	}
	return found
}

// echo answers with everything that it was sent, in every spelling.
func echo(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		var b strings.Builder
		for _, name := range []string{"AccessKeyId", "Signature", "SignatureNonce", "SecurityToken", "ClientToken"} {
			v := q.Get(name)
			for _, s := range []string{
				v, strings.ToLower(v), percent(v), percent(percent(v)), url.QueryEscape(v), strings.ToLower(percent(v)),
				strings.ReplaceAll(v, "/", `\/`), html.EscapeString(v),
			} {
				b.WriteString(name + "=" + s + "; ")
			}
		}
		all := strings.NewReplacer(`"`, `\"`, `\/`, `\\/`).Replace(b.String()) + testSecret + " " + r.URL.RawQuery
		answer(status, `{"Code":"C-`+q.Get("ClientToken")+`","RequestId":"`+q.Get("Signature")+`","Message":"`+all+`"}`)(w, r)
	}
}

func TestNothingSecretComesBack(t *testing.T) {
	for _, status := range []int{200, 302, 400, 403, 500} {
		g := serve(t, echo(status))
		var logged bytes.Buffer
		c := client(t, g.URL, func(c *Config) {
			c.Logger = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		a := c.Sell(t.Context(), buy())
		_, err := c.Count(t.Context(), "", 7)
		check := c.Check(t.Context(), "", 0)
		q := g.last().URL.Query()
		text := fmt.Sprintf("%+v\n%v\n%+v\n%s", a, err, check, &logged)
		if found := leaks(text, testID, testSecret, testToken, token, q.Get("Signature"), q.Get("SignatureNonce")); found != nil {
			t.Errorf("%d: %q in\n%s", status, found, text)
		}
		if status != 302 && !strings.Contains(a.Response, hidden) {
			t.Errorf("%d: nothing was hidden: %s", status, a.Response)
		}
		if !strings.Contains(logged.String(), `"action":"CreateInstance"`) || !strings.Contains(logged.String(), `"outcome"`) {
			t.Errorf("logged %s", &logged)
		}
	}
}

// A body that ends in the middle of a secret gives its beginning away.
func TestCutSecretIsHidden(t *testing.T) {
	r := newRedactor(testSecret, testID)
	for n := minFragment; n <= len(testSecret); n++ {
		got := r.text("key="+testSecret[:n], 100)
		if got != "key="+hidden {
			t.Fatalf("%d bytes of the secret: %q", n, got)
		}
	}
	long := strings.Repeat("x", maxReadable-10) + testSecret
	if got := r.text(long, maxReadable); strings.Contains(got, testSecret[:minFragment]) {
		t.Error("cutting laid a secret's beginning bare")
	}
	if got := newRedactor("abc", "").text("abc abc", 100); got != "abc abc" {
		t.Errorf("too short to be secret: %q", got)
	}
	if got := r.text("余额不足", 5); got != "余…" {
		t.Errorf("cut in a letter: %q", got)
	}
	if got := r.text("a\x00b\xffc\x1b[31m\n", 100); got != "a\uFFFDb\uFFFDc\uFFFD[31m\n" {
		t.Errorf("control characters: %q", got)
	}
}

func TestIDsStandAsTheyAre(t *testing.T) {
	g := serve(t, answer(200, `{"OrderId":"order-`+token+`","InstanceId":"sas-`+token+`","RequestId":"R"}`))
	a := client(t, g.URL).Sell(t.Context(), buy())
	if a.ProviderOrderID != "order-"+token || a.InstanceID != "sas-"+token {
		t.Errorf("%+v", a)
	}
	if strings.Contains(a.Response, token) {
		t.Errorf("response: %s", a.Response)
	}
}

// TestDebugPrintsNothing runs TestDebugHelper in a process of its own with
// DEBUG=sdk, which the SDK reads before anything of ours runs.
func TestDebugPrintsNothing(t *testing.T) {
	signed := filepath.Join(t.TempDir(), "signed")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDebugHelper$", "-test.v")
	cmd.Env = append(os.Environ(), "DEBUG=sdk", "PORTAL_TEST_SIGNED="+signed)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	secrets, err := os.ReadFile(signed)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "outcome=") {
		t.Fatalf("the helper did nothing:\n%s", out)
	}
	all := append(strings.Fields(string(secrets)), testID, testSecret, testToken, token)
	if found := leaks(string(out), all...); found != nil || strings.Contains(string(out), "> Host:") {
		t.Errorf("%q in\n%s", found, out)
	}
}

func TestDebugHelper(t *testing.T) {
	file := os.Getenv("PORTAL_TEST_SIGNED")
	if file == "" {
		t.Skip("runs in the process of TestDebugPrintsNothing")
	}
	g := serve(t, echo(400))
	c := client(t, g.URL, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil)) })
	a := c.Sell(t.Context(), buy())
	q := g.last().URL.Query()
	if err := os.WriteFile(file, []byte(q.Get("Signature")+" "+q.Get("SignatureNonce")), 0o600); err != nil {
		t.Fatal(err)
	}
	if a.Outcome != models.OutcomeRejected {
		t.Fatal(a)
	}
	_, _ = fmt.Printf("%+v\n", a)
}

func TestKeyPrintsNoSecret(t *testing.T) {
	k := Key{ID: testID, Secret: testSecret, Token: testToken, Source: "fixed"}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("key", "key", k)
	text := fmt.Sprintf("%v %+v %#v %s %q %d", k, k, k, k, k, k) + logged.String()
	if found := leaks(text, testID, testSecret, testToken); found != nil {
		t.Errorf("%q in %s", found, text)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("Signature=", testSecret, "%2F")
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		if len(secret) < minSecret || strings.Contains(hidden, strings.ToLower(secret)) || len(before)+len(secret) > maxReadable {
			t.Skip()
		}
		// Letters of the mark beside others may spell a short secret by chance.
		if len(secret) < 2*len(hidden) {
			secret = strings.Repeat(secret, 2*len(hidden)/len(secret)+1)
		}
		r := newRedactor(secret)
		if got := r.hide(before + secret + after); strings.Contains(got, secret) {
			t.Fatalf("%q is in %q", secret, got)
		}
		_, _ = io.WriteString(io.Discard, r.text(before+secret+after, 10))
	})
}

func BenchmarkRedact(b *testing.B) {
	long := testToken + strings.Repeat("aB3/+=", 150)
	body := strings.Repeat("x", maxResponse)
	for b.Loop() {
		r := newRedactor(testID, testSecret, long, token, "c2lnbmF0dXJl/Zm9+y=", "0123456789abcdef0123456789abcdef")
		for range 3 {
			_ = r.text(body, maxResponse)
		}
	}
}
