package handlers

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

// compressAbove is what fits into the first packet anyway.
const compressAbove = 1400

// zippers are kept: each has most of a megabyte to remember what it has read.
var zippers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the best takes three times as long for a tenth less
	if err != nil {
		panic(err) // there is this level
	}
	return w
}}

// compressed is a page as it goes out, smaller where the browser takes it so.
//
// Pages repeat what the address says beside what only their reader may know, and
// the length of a compressed page tells how alike the two are (BREACH). There is no
// token in a page to be guessed so: forms are guarded by where they come from. Names
// and ids could still be, by a site that sends its visitor here again and again with
// other words and watches the line. So what another site asks for goes out as it is.
func compressed(c echo.Context, page []byte) []byte {
	r, h := c.Request(), c.Response().Header()
	h.Add(echo.HeaderVary, "Accept-Encoding")
	h.Add(echo.HeaderVary, "Sec-Fetch-Site")
	if len(page) < compressAbove || !takesGzip(r) || askedByAnotherSite(r) {
		return page
	}
	var out bytes.Buffer
	w := zippers.Get().(*gzip.Writer)
	defer zippers.Put(w)
	w.Reset(&out)
	// Writing to memory can't fail.
	_, _ = w.Write(page)
	_ = w.Close()
	h.Set(echo.HeaderContentEncoding, "gzip")
	return out.Bytes()
}

// takesGzip is whether gzip is asked for without conditions, as every browser does.
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get(echo.HeaderAcceptEncoding), ",") {
		if strings.TrimSpace(coding) == "gzip" {
			return true
		}
	}
	return false
}

// askedByAnotherSite is what browsers say of a request over https that a person did
// not begin here or by hand.
func askedByAnotherSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	return true
}
