// Command assets makes what static/ serves of what it is written in: joined,
// minified, and compressed with brotli and gzip, so that no request waits for
// that and no start either. `make generate` runs it in the top folder.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"
)

const dist = "static/dist"

// made are the files that pages ask for, and what each is made of, in the order of
// the cascade, or of who calls whom.
var made = []struct {
	name   string
	loader api.Loader
	from   []string
}{
	{"app.css", api.LoaderCSS, []string{
		"css/tokens.css", "css/base.css", "css/layout.css", "css/forms.css", "css/components.css",
		"css/tables.css", "css/pages.css", "css/utilities.css", "css/print.css",
	}},
	{"app.js", api.LoaderJS, []string{
		"js/vendor/htmx-4.0.1.min.js", "js/htmx.js", "js/say.js", "js/submit.js",
		"js/copy.js", "js/print.js", "js/watch.js", "js/quote.js", "js/lists.js",
	}},
	{"icon.svg", api.LoaderNone, []string{"icon.svg"}},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1)
	}
}

func run() error {
	if err := whole(); err != nil {
		return err
	}
	for _, m := range made {
		var source bytes.Buffer
		for _, name := range m.from {
			data, err := os.ReadFile(filepath.Join("static", name)) // #nosec G304 -- named above
			if err != nil {
				return err
			}
			source.Write(data)
		}
		body, err := minify(source.Bytes(), m.loader)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if err := keep(m.name, body, body, plain); err != nil {
			return err
		}
		for extension, c := range codings {
			packed, err := c.pack(body)
			if err != nil {
				return err
			}
			if err := keep(m.name+extension, body, packed, c.unpack); err != nil {
				return err
			}
		}
	}
	return nil
}

// whole says which file nothing is made of.
func whole() error {
	var used []string
	for _, m := range made {
		used = append(used, m.from...)
	}
	for _, pattern := range []string{"css/*.css", "js/*.js", "js/vendor/*.js", "*.svg"} {
		found, err := fs.Glob(os.DirFS("static"), pattern)
		if err != nil {
			return err
		}
		for _, name := range found {
			if !slices.Contains(used, name) {
				return fmt.Errorf("nothing is made of static/%s", name)
			}
		}
	}
	return nil
}

// minify says what is wrong with a file rather than serving it.
func minify(source []byte, loader api.Loader) ([]byte, error) {
	if loader == api.LoaderNone {
		return source, nil
	}
	format := api.FormatDefault
	if loader == api.LoaderJS {
		format = api.FormatIIFE // names of ours are nobody else's
	}
	r := api.Transform(string(source), api.TransformOptions{
		Loader: loader, Format: format, MinifyWhitespace: true, MinifySyntax: true, MinifyIdentifiers: true, LegalComments: api.LegalCommentsInline,
	})
	for _, m := range append(r.Errors, r.Warnings...) {
		return nil, fmt.Errorf("%s (line %d of all: %s)", m.Text, m.Location.Line, m.Location.LineText)
	}
	return r.Code, nil
}

// codings are how a file lies there compressed, by its extension.
var codings = map[string]struct {
	pack   func([]byte) ([]byte, error)
	unpack func([]byte) ([]byte, error)
}{
	".br": {
		func(body []byte) ([]byte, error) {
			var b bytes.Buffer
			return pack(&b, brotli.NewWriterLevel(&b, brotli.BestCompression), body)
		},
		func(packed []byte) ([]byte, error) { return io.ReadAll(brotli.NewReader(bytes.NewReader(packed))) },
	},
	".gz": {
		func(body []byte) ([]byte, error) {
			var b bytes.Buffer
			w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
			if err != nil {
				return nil, err
			}
			return pack(&b, w, body)
		},
		func(packed []byte) ([]byte, error) {
			r, err := gzip.NewReader(bytes.NewReader(packed))
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		},
	},
}

func plain(body []byte) ([]byte, error) { return body, nil }

func pack(b *bytes.Buffer, w io.WriteCloser, body []byte) ([]byte, error) {
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

// keep writes a file unless what is there holds the same: another version of a
// compressor may find other bytes for it, and that is no change.
func keep(name string, body, packed []byte, unpack func([]byte) ([]byte, error)) error {
	path := filepath.Join(dist, name)
	if old, err := os.ReadFile(path); err == nil { // #nosec G304 -- named above
		if was, err := unpack(old); err == nil && bytes.Equal(was, body) {
			return nil
		}
	}
	if err := os.MkdirAll(dist, 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, packed, 0o644) // #nosec G306 -- part of the source
}
