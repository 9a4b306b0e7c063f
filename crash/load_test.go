package crash

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/models"
)

// load is people who buy while everything breaks. What they were promised is
// kept, to be held against the record afterwards.
type load struct {
	t    *testing.T
	over chan struct{} // closed when nobody begins another order
	busy sync.WaitGroup

	mu       sync.Mutex
	url      string
	box      *box
	promises map[string]string // the order's page by its quote's
	odd      []string          // what should never be seen
}

func (l *load) where() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.url
}

func (l *load) ledger() *box {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.box
}

// moved tells where portal and sandbox are now.
func (l *load) moved(url string, box *box) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.url, l.box = url, box
}

func (l *load) say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.odd = append(l.odd, fmt.Sprintf(format, args...))
}

// promise notes where a press of the button led. One quote leads to one order.
func (l *load) promise(quote, order string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before := l.promises[quote]; before != "" && before != order {
		l.odd = append(l.odd, fmt.Sprintf("%s led to %s, and then to %s", quote, before, order))
	}
	l.promises[quote] = order
}

// buyer is one account's customer.
type buyer struct {
	*person
	l       *load
	chance  *rand.Rand
	account int64
	think   time.Duration // between two orders, at the most
}

// run begins one order after another until it is over, and sees each through.
func (b *buyer) run() {
	for {
		select {
		case <-b.l.over:
			return
		case <-time.After(time.Duration(b.chance.Int64N(int64(b.think)))):
		}
		kinds := models.Kinds()
		b.chance.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
		for _, kind := range kinds {
			if quote := b.wants(kind); quote != "" {
				b.buy(kind, quote)
				break
			}
		}
	}
}

// moment is how long somebody waits before pressing again.
func (b *buyer) moment() {
	time.Sleep(100*time.Millisecond + time.Duration(b.chance.Int64N(int64(400*time.Millisecond))))
}

// until presses until there is an answer that is not "later": a portal that is
// down, or a provider that does not answer.
func (b *buyer) until(path string, form url.Values) answer {
	for {
		a, err := b.ask(path, form)
		switch {
		case err != nil:
		case a.status == http.StatusBadGateway, a.status == http.StatusServiceUnavailable:
		case a.status >= 500, strings.HasPrefix(a.to, "/sign-in"):
			b.l.say("%s: %d to %q\n%s", path, a.status, a.to, a.body)
			return a
		default:
			return a
		}
		b.moment()
	}
}

func (b *buyer) choice(kind models.Kind) url.Values {
	pick := func(of ...string) []string { return []string{of[b.chance.IntN(len(of))]} }
	terms := []string{"month-1", "month-3", "month-6", "year-1", "year-2"}
	form := url.Values{"edition": pick("pro", "enterprise"), "term": pick(terms...)}
	switch kind {
	case models.Buy:
		if b.chance.IntN(4) == 0 {
			form["auto_renew"], form["auto_renew_months"] = []string{"on"}, pick("1", "3", "12")
		}
	case models.Renew:
		form.Del("edition")
	case models.Upgrade:
		form = url.Values{"edition": {"enterprise"}}
	case models.Refund:
		form = url.Values{}
	}
	return form
}

// wants asks for a quote and gives its path; empty when there is none to be had
// of this kind now.
func (b *buyer) wants(kind models.Kind) string {
	a := b.until(fmt.Sprintf("/accounts/%d/quote?kind=%s", b.account, kind), b.choice(kind))
	switch {
	case strings.HasPrefix(a.to, "/quotes/"):
		return a.to
	case a.status == http.StatusSeeOther, a.status == http.StatusConflict, a.status == http.StatusTooManyRequests, a.status >= 500:
	default:
		b.l.say("a quote for a %s: %d\n%s", kind, a.status, a.body)
	}
	return ""
}

// buy places a quote, perhaps with a double click, perhaps takes the order back,
// and sees it through.
func (b *buyer) buy(kind models.Kind, quote string) {
	form := url.Values{}
	if kind == models.Refund {
		form.Set("instance_id", instance.FindString(b.until(quote, nil).body))
	}
	var clicks sync.WaitGroup
	if b.chance.IntN(5) == 0 {
		clicks.Go(func() {
			if a, err := b.ask(quote+"/order", form); err == nil && strings.HasPrefix(a.to, "/orders/") {
				b.l.promise(quote, a.to)
			}
		})
	}
	a := b.until(quote+"/order", form)
	clicks.Wait()
	switch {
	case strings.HasPrefix(a.to, "/orders/"):
	case a.status == http.StatusSeeOther, a.status == http.StatusConflict, a.status >= 500:
		return // the world changed meanwhile: another quote, or none
	default:
		b.l.say("%s placed: %d\n%s", quote, a.status, a.body)
		return
	}
	order := a.to
	b.l.promise(quote, order)
	if b.chance.IntN(8) == 0 {
		if a := b.until(order+"/cancel", url.Values{}); a.status != http.StatusSeeOther && a.status != http.StatusConflict {
			b.l.say("%s taken back: %d", order, a.status)
		}
	}
	for {
		m := orderStatus.FindStringSubmatch(b.until(order, nil).body)
		if m == nil {
			b.l.say("%s is not there any more", order)
			return
		}
		if !models.Status(m[1]).Open() {
			break
		}
		b.moment()
	}
	if a := b.until(quote, nil); a.to != order {
		b.l.say("the back button leads from %s to %q, not to %s", quote, a.to, order)
	}
}

// kept says which promises the record doesn't keep.
func (l *load) kept(r record) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	wrong := slices.Clone(l.odd)
	for quote, path := range l.promises {
		if o, there := r.order(path); !there || "/quotes/"+o.QuoteID != quote {
			wrong = append(wrong, fmt.Sprintf("%s was promised for %s, and is not on record", path, quote))
		}
	}
	return wrong
}
