package e2e_test

import (
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"portal/static"
)

// received is what a tab has had from the portal.
type received struct {
	document network.RequestID // the page that it shows
	loader   cdp.LoaderID      // of all that was asked for with this page
	requests map[network.RequestID]*transfer
	assets   map[string]int // bytes of what is kept, by address
}

// transfer is one request's answer.
type transfer struct {
	url    string
	kind   network.ResourceType
	loader cdp.LoaderID
	bytes  int // over the line: header and body, as they came
}

func newReceived() received {
	return received{requests: map[network.RequestID]*transfer{}, assets: map[string]int{}}
}

func (r *received) hear(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		r.requests[e.RequestID] = &transfer{url: e.Request.URL, kind: e.Type, loader: e.LoaderID}
		if e.Type == network.ResourceTypeDocument {
			r.document, r.loader = e.RequestID, e.LoaderID
		}
	case *network.EventLoadingFinished:
		if one := r.requests[e.RequestID]; one != nil {
			one.bytes = int(e.EncodedDataLength)
			if one.kind != network.ResourceTypeDocument {
				r.assets[one.url] = max(r.assets[one.url], one.bytes)
			}
		}
	}
}

// html is the page as the portal sent it.
func (w *tab) html() string {
	w.t.Helper()
	w.mu.Lock()
	document := w.received.document
	w.mu.Unlock()
	body := call(w, network.GetResponseBody, network.GetResponseBodyParams{RequestID: document})
	return string(body.Body)
}

// weight is what the page has cost over the line: for somebody who has never been
// here, and for who has.
func (w *tab) weight() (first, next int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.received.requests {
		if one.loader != w.received.loader {
			continue
		}
		if !strings.Contains(one.url, static.Prefix) { // what is there is kept for good; a browser that drops it does so by itself
			next += one.bytes
		}
		if one.kind == network.ResourceTypeDocument {
			first += one.bytes
		} else {
			first += w.received.assets[one.url]
		}
	}
	return first, next
}
