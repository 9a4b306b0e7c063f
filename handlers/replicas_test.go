package handlers_test

import (
	"net/http"
	"slices"
	"testing"

	"portal/portaltest"
)

// TestReplicasShareWhatPeopleDo: a load balancer sends each request where it
// likes. (Two routers with a store each, on one database.)
func TestReplicasShareWhatPeopleDo(t *testing.T) {
	p := portaltest.New(t)
	replicas := []http.Handler{p.Handler, p.Replica()}
	at := func(i int) { p.Handler = replicas[i] }

	t.Run("a session", func(t *testing.T) {
		at(0)
		b := p.SignedIn("lin@example.com")
		at(1)
		if page := b.Get("/orders"); page.Status != http.StatusOK {
			t.Fatalf("signed in at one, and the other says %d", page.Status)
		}
		copied := b.Cookies()
		b.Post("/sign-out", nil)
		at(0)
		b.Header.Set("Cookie", copied[0].Name+"="+copied[0].Value)
		if page := b.Get("/orders"); page.Status != http.StatusSeeOther {
			t.Fatalf("signed out at the other, and one says %d", page.Status)
		}
	})
	t.Run("a quote and its order", func(t *testing.T) {
		at(0)
		b := p.SignedIn("lin@example.com")
		quote := b.Quote("pro", "year-1")
		at(1)
		number := b.Place(quote)
		at(0)
		if again := b.Place(quote); again != number {
			t.Fatalf("placed as %s, and again as %s", number, again)
		}
		at(1)
		if page := b.Post("/orders/"+number+"/cancel", nil); page.Status != http.StatusSeeOther {
			t.Fatalf("cancelling: %d", page.Status)
		}
	})
	t.Run("the limit of wrong passwords", func(t *testing.T) {
		var said []int
		for i := range 6 {
			at(i % 2)
			said = append(said, signIn(p.Browser(), "support@example.com", "not-the-password", "").Status)
		}
		want := append(slices.Repeat([]int{http.StatusUnprocessableEntity}, 5), http.StatusTooManyRequests)
		if !slices.Equal(said, want) {
			t.Errorf("%v, want %v", said, want)
		}
		for i := range replicas {
			at(i)
			if page := signIn(p.Browser(), "support@example.com", portaltest.Password, ""); page.Status != http.StatusTooManyRequests {
				t.Errorf("replica %d lets the sixth try through: %d", i, page.Status)
			}
		}
	})
}
