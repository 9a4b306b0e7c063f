// Command devproxy stands between templ's live-reload proxy and the portal while
// we develop (scripts/dev.sh). The portal's Content-Security-Policy refuses the
// reload script, as it should refuse everything that is not ours; this adds the
// permission on the way, so that the portal itself needs no setting for it.
package main

import (
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: devproxy LISTEN-ADDRESS TARGET-URL")
	}
	target, err := url.Parse(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target) //nolint:gosec // the developer names the target
	proxy.ModifyResponse = func(r *http.Response) error {
		// Where the policy has these directives already, the first ones count.
		if policy := r.Header.Get("Content-Security-Policy"); policy != "" {
			r.Header.Set("Content-Security-Policy", policy+"; script-src 'self'; connect-src 'self'")
		}
		return nil
	}
	// While the portal restarts: 502, on which templ's proxy tries again.
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.WriteHeader(http.StatusBadGateway)
	}
	server := http.Server{Addr: os.Args[1], Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
