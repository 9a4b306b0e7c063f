package static

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// get asks the handler; the headers are names and values in turn.
func get(method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w
}

func TestPathCarriesTheHash(t *testing.T) {
	for name, want := range map[string]string{
		"app.css":  `^/static/app\.[0-9a-f]{10}\.css$`,
		"app.js":   `^/static/app\.[0-9a-f]{10}\.js$`,
		"icon.svg": `^/static/icon\.[0-9a-f]{10}\.svg$`,
	} {
		if got := Path(name); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("Path(%q) = %q", name, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a name that does not exist passed unnoticed")
		}
	}()
	Path("none.css")
}

func TestHandlerServesForGood(t *testing.T) {
	for name, want := range map[string]string{"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		r := get(http.MethodGet, Path(name))
		if r.Code != http.StatusOK {
			t.Errorf("%s: status %d", name, r.Code)
		}
		for header, value := range map[string]string{
			"Content-Type":           want,
			"Cache-Control":          "public, max-age=31536000, immutable",
			"X-Content-Type-Options": "nosniff",
		} {
			if got := r.Header().Get(header); got != value {
				t.Errorf("%s: %s is %q, want %q", name, header, got, value)
			}
		}
		if len(r.Body.Bytes()) == 0 {
			t.Errorf("%s is empty", name)
		}
	}
}

func TestHandlerCompresses(t *testing.T) {
	plain := get(http.MethodGet, Path("app.css")).Body.Bytes()
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "gzip, deflate, br, zstd": "br", "br;q=0, gzip;q=0.8": "gzip", "*": "br", "gzip;q=0": "", "identity": "", "gzip; q=0.0": "", "xgzip": "",
	} {
		r := get(http.MethodGet, Path("app.css"), "Accept-Encoding", accept)
		if got := r.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q gets %q, want %q", accept, got, want)
		}
		if r.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: no Vary", accept)
		}
		var body io.Reader = r.Body
		switch want {
		case "br":
			body = brotli.NewReader(body)
		case "gzip":
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("Accept-Encoding %q gets other bytes", accept)
		}
	}
}

func TestHandlerRefusesTheRest(t *testing.T) {
	for _, test := range []struct {
		method, target string
		want           int
	}{
		{http.MethodGet, "/static/app.css", http.StatusNotFound},
		{http.MethodGet, "/static/app.0000000000.css", http.StatusNotFound},
		{http.MethodGet, "/static/../static.go", http.StatusNotFound},
		{http.MethodGet, "/static/css/base.css", http.StatusNotFound},
		{http.MethodGet, "/static/", http.StatusNotFound},
		{http.MethodPost, Path("app.css"), http.StatusMethodNotAllowed},
		{http.MethodHead, Path("app.css"), http.StatusOK},
	} {
		r := get(test.method, test.target)
		if r.Code != test.want {
			t.Errorf("%s %s: %d, want %d", test.method, test.target, r.Code, test.want)
		}
		if test.method == http.MethodHead && len(r.Body.Bytes()) > 0 {
			t.Error("HEAD has a body")
		}
	}
	r := get(http.MethodGet, Path("app.css"), "If-None-Match", get(http.MethodGet, Path("app.css")).Header().Get("ETag"))
	if r.Code != http.StatusNotModified || len(r.Body.Bytes()) > 0 {
		t.Errorf("an unchanged file is sent again: %d", r.Code)
	}
}

// TestSheetIsWhole holds the sheet to the strict Content-Security-Policy.
func TestSheetIsWhole(t *testing.T) {
	css := get(http.MethodGet, Path("app.css")).Body.String()
	for _, alien := range []string{"data:", "http:", "https:", "@import", "url("} {
		if strings.Contains(css, alien) {
			t.Errorf("the sheet has %q", alien)
		}
	}
	if open, closed := strings.Count(css, "{"), strings.Count(css, "}"); open != closed {
		t.Errorf("%d braces open, %d close", open, closed)
	}
	for _, name := range regexp.MustCompile(`var\((--[a-z0-9-]+)\)`).FindAllStringSubmatch(css, -1) {
		if !strings.Contains(css, name[1]+":") {
			t.Errorf("%s is used and never set", name[1])
		}
	}
}

// TestSheetStaysLight leaves room for a page within its 60 kB.
func TestSheetStaysLight(t *testing.T) {
	const limit = 10 << 10
	if got := len(get(http.MethodGet, Path("app.css"), "Accept-Encoding", "br").Body.Bytes()); got > limit {
		t.Errorf("the sheet takes %d bytes compressed, more than %d", got, limit)
	}
}

// TestScriptStaysLight: htmx, and a few kilobytes of our own.
func TestScriptStaysLight(t *testing.T) {
	const limit = 16 << 10
	if got := len(get(http.MethodGet, Path("app.js"), "Accept-Encoding", "br").Body.Bytes()); got > limit {
		t.Errorf("the script takes %d bytes compressed, more than %d", got, limit)
	}
}

func TestIconsAreXML(t *testing.T) {
	d := xml.NewDecoder(bytes.NewReader(get(http.MethodGet, Path("icon.svg")).Body.Bytes()))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
