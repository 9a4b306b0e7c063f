package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/models"
)

// alone takes from the SDK's chain everything that this machine may offer.
func alone(t *testing.T) (home string) {
	t.Helper()
	for _, name := range []string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN", "ALIBABA_CLOUD_PROFILE",
		"ALIBABA_CLOUD_CREDENTIALS_FILE", "ALIBABA_CLOUD_CREDENTIALS_URI", "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
		"ALIBABA_CLOUD_CLI_PROFILE_DISABLED",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
	home = t.TempDir()
	t.Setenv("HOME", home)
	return home
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestChainFromTheEnvironment(t *testing.T) {
	alone(t)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", testID)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", testSecret)
	t.Setenv("ALIBABA_CLOUD_SECURITY_TOKEN", testToken)
	g := serve(t, answer(200, bought))
	c := client(t, g.URL, func(c *Config) { c.Credentials = Chain() })
	for _, profile := range []string{"", DefaultProfile} {
		call := buy()
		call.CredentialProfile = profile
		wantOutcome(t, c.Sell(t.Context(), call), models.OutcomeDone)
		q := g.last().URL.Query()
		if q.Get("AccessKeyId") != testID || q.Get("SecurityToken") != testToken || q.Get("Signature") != sign("POST", q, testSecret) {
			t.Errorf("profile %q signed %v", profile, q)
		}
	}
	// The next call has the next key.
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tAnotherKey")
	c.Sell(t.Context(), buy())
	if id := g.last().URL.Query().Get("AccessKeyId"); id != "LTAI5tAnotherKey" {
		t.Errorf("signed with %q", id)
	}
}

func TestChainByProfile(t *testing.T) {
	home := alone(t)
	write(t, filepath.Join(home, ".alibabacloud/credentials"),
		"[default]\ntype=access_key\naccess_key_id=idDefault\naccess_key_secret=s1\n"+
			"[east]\ntype=access_key\naccess_key_id=idEast\naccess_key_secret=s2\n")
	write(t, filepath.Join(home, ".aliyun/config.json"),
		`{"current":"west","profiles":[{"name":"west","mode":"StsToken","access_key_id":"idWest","access_key_secret":"s3","sts_token":"t3"}]}`)
	c := Chain()
	for profile, want := range map[string]string{"east": "idEast", "west": "idWest", "": "idWest", DefaultProfile: "idWest"} {
		k, err := c.Key(t.Context(), profile)
		if err != nil || k.ID != want {
			t.Errorf("%q: %q from %s, %v; want %q", profile, k.ID, k.Source, err, want)
		}
	}
	if _, err := c.Key(t.Context(), "north"); !errors.Is(err, ErrNoCredentials) || !strings.Contains(err.Error(), "north") {
		t.Errorf("an unknown profile: %v", err)
	}
}

// The SDK's own error would quote the whole file.
func TestChainFindsNothing(t *testing.T) {
	home := alone(t)
	write(t, filepath.Join(home, ".aliyun/config.json"), `{"profiles":[{"access_key_secret":"`+testSecret+`"`)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", testID)
	g := serve(t, answer(200, bought))
	c := client(t, g.URL, func(c *Config) { c.Credentials = Chain() })
	a := c.Sell(t.Context(), buy())
	wantOutcome(t, a, models.OutcomeNotSent)
	_, err := c.Count(t.Context(), "", 7)
	var failure *models.CountError
	if !errors.As(err, &failure) || failure.Failure != models.CountUnavailable || !errors.Is(err, ErrNoCredentials) {
		t.Errorf("count: %v", err)
	}
	check := c.Check(t.Context(), "", 0)
	if check.Credentials != No || check.Reachable != Yes || check.KeyKnown != Unclear {
		t.Errorf("check: %+v", check)
	}
	text := fmt.Sprintf("%+v %v %+v", a, err, check)
	if found := leaks(text, testID, testSecret); found != nil {
		t.Errorf("%q in %s", found, text)
	}
	if !strings.Contains(a.Response, "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not") {
		t.Errorf("the error does not help: %s", a.Response)
	}
	// Mended, it is found without a restart.
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", testSecret)
	wantOutcome(t, c.Sell(t.Context(), buy()), models.OutcomeDone)
}

// Temporary keys: renewed by the SDK, asked for by many at once, from a service
// that sometimes fails and once does not answer.
func TestChainRotates(t *testing.T) {
	home := alone(t)
	release := make(chan struct{})
	var (
		mu   sync.Mutex
		n    int
		mode = "ok"
	)
	set := func(m string) { mu.Lock(); mode = m; mu.Unlock() }
	service := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		now, m := n, mode
		mu.Unlock()
		switch m {
		case "fail":
			answer(500, testSecret)(w, r)
		case "hang":
			select {
			case <-release:
			case <-r.Context().Done():
			}
		default:
			_ = json.NewEncoder(w).Encode(map[string]string{
				"AccessKeyId": fmt.Sprintf("STS.id%d", now), "AccessKeySecret": testSecret, "SecurityToken": testToken,
				"Expiration": time.Now().UTC().Format("2006-01-02T15:04:05Z"), // so each call renews it
			})
		}
	})
	t.Setenv("ALIBABA_CLOUD_CREDENTIALS_URI", service.URL)
	c := Chain()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if k, err := c.Key(t.Context(), ""); err != nil || !strings.HasPrefix(k.ID, "STS.id") {
					t.Errorf("%q, %v", k.ID, err)
				}
			}
		})
	}
	wg.Wait()
	last, err := c.Key(t.Context(), "")
	if err != nil || last.ID == "STS.id1" {
		t.Errorf("not renewed: %q, %v", last.ID, err)
	}

	// While the source fails, no other identity steps in.
	set("fail")
	write(t, filepath.Join(home, ".alibabacloud/credentials"), "[default]\ntype=access_key\naccess_key_id=other\naccess_key_secret=s\n")
	k, err := c.Key(t.Context(), "")
	if !errors.Is(err, ErrNoCredentials) || strings.Contains(err.Error(), testSecret) {
		t.Errorf("%q, %v", k.ID, err)
	}

	// A source that hangs does not outlast the call's deadline.
	set("hang")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if _, err := c.Key(ctx, ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if _, err := c.Key(ctx, ""); !errors.Is(err, context.DeadlineExceeded) { // waiting its turn
		t.Error(err)
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("took %s", took)
	}
	close(release)
	set("ok")
	if _, err := c.Key(t.Context(), ""); err != nil {
		t.Error(err)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	service.CloseClientConnections() // the SDK makes transports of its own and never closes them
}

// A key that is rotated in its file signs the next call, without a restart; a
// profile that is removed from it signs none, and no other file steps in.
func TestAProfilesFileIsReadAgainWhenItChanges(t *testing.T) {
	const ini = "[north]\ntype=access_key\naccess_key_id=%s\naccess_key_secret=s\n"
	const cli = `{"current":"x","profiles":[{"name":"north","mode":"AK","access_key_id":"%s","access_key_secret":"s"}]}`
	for name, tc := range map[string]struct{ file, other, text, otherText string }{
		"the SDK's file":               {".alibabacloud/credentials", ".aliyun/config.json", ini, cli},
		"the command line tool's file": {".aliyun/config.json", ".alibabacloud/credentials", cli, ini},
	} {
		t.Run(name, func(t *testing.T) {
			home := alone(t)
			file, moment := filepath.Join(home, tc.file), time.Now().Add(-time.Hour)
			put := func(text string) {
				t.Helper()
				write(t, file, text)
				moment = moment.Add(time.Second) // files that are written at the same moment look alike
				if err := os.Chtimes(file, moment, moment); err != nil {
					t.Fatal(err)
				}
			}
			c := Chain()
			signs := func(want string) {
				t.Helper()
				k, err := c.Key(t.Context(), "north")
				if k.ID != want || (err != nil) != (want == "") {
					t.Errorf("signs with %q (%v), want %q", k.ID, err, want)
				}
				if err != nil && (!errors.Is(err, ErrNoCredentials) || !strings.Contains(err.Error(), "north")) {
					t.Error(err)
				}
			}
			signs("")
			put(fmt.Sprintf(tc.text, "idOne"))
			signs("idOne")
			put(fmt.Sprintf(tc.text, "idTwo"))
			signs("idTwo")
			signs("idTwo")
			write(t, filepath.Join(home, tc.other), fmt.Sprintf(tc.otherText, "idOther"))
			put(strings.ReplaceAll(fmt.Sprintf(tc.text, "idSouth"), "north", "south"))
			signs("")
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			signs("")
			put(fmt.Sprintf(tc.text, "idBack"))
			signs("idBack")
		})
	}
}
