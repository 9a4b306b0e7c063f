// Package static holds the portal's own stylesheet and icons: embedded, served
// under names that carry their content's hash, so that browsers may keep them
// for good.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Prefix is where the assets live.
const Prefix = "/static/"

//go:embed css/*.css *.svg
var files embed.FS

// sheet is the one stylesheet that pages ask for, and sources are what it is
// made of, in the order of the cascade. One file a concern, one request a page.
const sheet = "app.css"

var sources = []string{
	"tokens.css", "base.css", "layout.css", "forms.css", "components.css",
	"tables.css", "pages.css", "utilities.css", "print.css",
}

// asset is one file as it goes out.
type asset struct {
	contentType string
	body        []byte
	gzipped     []byte // nil where compressing gains nothing
	etag        string
}

// paths leads from a name to its hashed path, assets from that path to the file.
var paths, assets = load()

// load reads, joins, hashes and compresses everything once. All of it is
// embedded, so a failure is a broken build.
func load() (map[string]string, map[string]asset) {
	paths, assets := map[string]string{}, map[string]asset{}
	add := func(name string, body []byte) {
		sum := sha256.Sum256(body)
		hash := hex.EncodeToString(sum[:5])
		ext := path.Ext(name)
		hashed := Prefix + strings.TrimSuffix(name, ext) + "." + hash + ext
		paths[name] = hashed
		assets[hashed] = asset{contentType(ext), body, squeeze(body), `"` + hash + `"`}
	}
	var css bytes.Buffer
	for _, name := range sources {
		css.Write(must(files.ReadFile("css/" + name)))
	}
	add(sheet, css.Bytes())
	for _, name := range must(fs.Glob(files, "*.svg")) {
		add(name, must(files.ReadFile(name)))
	}
	return paths, assets
}

// contentType does not ask the machine's own table first, as mime does.
func contentType(ext string) string {
	switch ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(ext)
}

// squeeze compresses body, or returns nil when that gains nothing.
func squeeze(body []byte) []byte {
	var b bytes.Buffer
	w := must(gzip.NewWriterLevel(&b, gzip.BestCompression))
	must(w.Write(body))
	if err := w.Close(); err != nil {
		panic(err)
	}
	if b.Len() >= len(body) {
		return nil
	}
	return b.Bytes()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Errorf("static: %w", err))
	}
	return v
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
		if a.gzipped != nil {
			h.Set("Vary", "Accept-Encoding")
		}
		if strings.Contains(r.Header.Get("If-None-Match"), a.etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		body := a.body
		if a.gzipped != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = a.gzipped
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		if r.Method == http.MethodHead {
			return
		}
		// A reader that hung up is no error of ours.
		_, _ = w.Write(body)
	})
}

// acceptsGzip reads an Accept-Encoding header: "gzip;q=0" refuses it.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding != "gzip" && coding != "*" {
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
