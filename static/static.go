// Package static holds the portal's own stylesheet, script and icons: embedded, served
// under names that carry their content's hash, so that browsers may keep them
// for good. What is served is in dist/: minified and compressed by tools/assets.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Prefix is where the assets live.
const Prefix = "/static/"

// files are made by tools/assets of what lies beside them.
//
//go:embed dist
var files embed.FS

// asset is one file as it goes out.
type asset struct {
	contentType string
	etag        string
	body        []byte
	coded       map[string][]byte // by content coding, where compressing gains anything
}

// codings are the content codings of files, the best first, and their extensions.
var codings = []struct{ name, extension string }{{"br", ".br"}, {"gzip", ".gz"}}

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// paths leads from a name to its hashed path, assets from that path to the file.
var paths, assets = load()

// load reads and hashes everything once. All of it is embedded, so a failure is a
// broken build.
func load() (map[string]string, map[string]asset) {
	paths, assets := map[string]string{}, map[string]asset{}
	for _, entry := range must(fs.ReadDir(files, "dist")) {
		name := entry.Name()
		ext := path.Ext(name)
		kind, ok := contentTypes[ext]
		if !ok {
			continue // compressed
		}
		body := must(files.ReadFile("dist/" + name))
		sum := sha256.Sum256(body)
		hash := hex.EncodeToString(sum[:5])
		a := asset{kind, `"` + hash + `"`, body, map[string][]byte{}}
		for _, c := range codings {
			if coded := must(files.ReadFile("dist/" + name + c.extension)); len(coded) < len(body) {
				a.coded[c.name] = coded
			}
		}
		paths[name] = Prefix + strings.TrimSuffix(name, ext) + "." + hash + ext
		assets[paths[name]] = a
	}
	return paths, assets
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Errorf("static: %w", err))
	}
	return v
}

// Token is one of the few values that the sheet is made of.
type Token struct {
	Name  string // "--ink"
	Value string
}

//go:embed css/tokens.css
var tokenSheet string

var tokenLine = regexp.MustCompile(`(?m)^ +(--[a-z0-9-]+): (.+);$`)

// Tokens lists the sheet's, in its order.
func Tokens() []Token {
	var all []Token
	for _, line := range tokenLine.FindAllStringSubmatch(tokenSheet, -1) {
		all = append(all, Token{line[1], line[2]})
	}
	return all
}

// Path returns where name is served: "/static/app.3f9c1a2b4d.css" for
// "app.css". A name that does not exist is a mistake in the caller.
func Path(name string) string {
	p, ok := paths[name]
	if !ok {
		panic("static: no file " + name)
	}
	return p
}

// Handler serves the assets under their hashed names, for good; any other name
// is not found.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := assets[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.contentType)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("ETag", a.etag)
		if len(a.coded) > 0 {
			h.Set("Vary", "Accept-Encoding")
		}
		if strings.Contains(r.Header.Get("If-None-Match"), a.etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		body := a.body
		for _, c := range codings {
			if coded := a.coded[c.name]; coded != nil && accepts(r.Header.Get("Accept-Encoding"), c.name) {
				h.Set("Content-Encoding", c.name)
				body = coded
				break
			}
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		if r.Method == http.MethodHead {
			return
		}
		// A reader that hung up is no error of ours.
		_, _ = w.Write(body)
	})
}

// accepts reads an Accept-Encoding header: "gzip;q=0" refuses gzip.
func accepts(header, want string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding != want && coding != "*" {
			continue
		}
		weight, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		if !found {
			return true
		}
		q, err := strconv.ParseFloat(weight, 64)
		return err == nil && q > 0
	}
	return false
}
