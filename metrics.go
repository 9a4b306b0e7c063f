package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo-contrib/echoprometheus"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"portal/models"
	"portal/store"
)

// metrics is what Prometheus can read. docs/metrics.md tells what to alert on.
type metrics struct {
	registry *prometheus.Registry
	requests echo.MiddlewareFunc
	calls    *prometheus.HistogramVec
}

func newMetrics() (*metrics, error) {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "portal_provider_call_seconds",
			Help:    "Calls to the provider by action and outcome.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"action", "outcome"}),
	}
	var err error
	// Labelled by route, not by path: ids would make a series for each.
	m.requests, err = echoprometheus.MiddlewareConfig{
		Namespace: "portal", Subsystem: "http", Registerer: m.registry, DoNotUseRequestPathFor404: true,
		// What a client sends must not make series.
		LabelFuncs: map[string]echoprometheus.LabelValueFunc{
			"host": func(echo.Context, error) string { return "" },
			"method": func(c echo.Context, _ error) string {
				switch method := c.Request().Method; method {
				case http.MethodGet, http.MethodPost:
					return method
				}
				return "other"
			},
		},
	}.ToMiddleware()
	if err != nil {
		return nil, err
	}
	m.registry.MustRegister(m.calls, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m, nil
}

// observe counts one finished call to the provider.
func (m *metrics) observe(action, outcome string, took time.Duration) {
	m.calls.WithLabelValues(action, outcome).Observe(took.Seconds())
}

// handler serves the metrics; the orders are counted when somebody asks.
func (m *metrics) handler(db *store.Store, skew func() models.Skew, logger *slog.Logger) http.Handler {
	m.registry.MustRegister(&orderCollector{db: db, logger: logger}, skewCollector(skew), writable(db))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

type orderCollector struct {
	db     *store.Store
	logger *slog.Logger
}

var (
	mailsByState = prometheus.NewDesc("portal_mails",
		"E-mails that were not sent, by state.", []string{"state"}, nil)
	oldestMail = prometheus.NewDesc("portal_oldest_waiting_mail_seconds",
		"Seconds since the oldest e-mail that waits to be sent was written; 0 without one.", nil, nil)
	ordersByStatus = prometheus.NewDesc("portal_orders",
		"Orders by status.", []string{"status"}, nil)
	oldestOpenOrder = prometheus.NewDesc("portal_oldest_open_order_seconds",
		"Age of the oldest open order, 0 without one.", nil, nil)
	oldestInReview = prometheus.NewDesc("portal_oldest_review_order_seconds",
		"How long the oldest order in review has been there, 0 without one.", nil, nil)
	oldestUnknown = prometheus.NewDesc("portal_oldest_unknown_order_seconds",
		"For how long the outcome of an order has been unknown at the most, 0 without one.", nil, nil)
	overdueOrder = prometheus.NewDesc("portal_overdue_order_seconds",
		"How long the worker has left an order lying that is due, 0 without one.", nil, nil)
	oldestUnsigned = prometheus.NewDesc("portal_oldest_unsigned_event_seconds",
		"Age of the oldest step of an order, or entry from outside, that no signed checkpoint covers, 0 without one.", nil, nil)
	accountsHeld = prometheus.NewDesc("portal_accounts_held",
		"Accounts that order nothing until an operator releases them.", nil, nil)
	countsUnread = prometheus.NewDesc("portal_counts_unread",
		"Accounts whose machines were never counted.", nil, nil)
	countsFailing = prometheus.NewDesc("portal_counts_failing",
		"Accounts whose newest count failed.", nil, nil)
	oldestCount = prometheus.NewDesc("portal_oldest_count_seconds",
		"Age of the oldest count of machines, suspended accounts' apart, 0 without one.", nil, nil)
	overdueCount = prometheus.NewDesc("portal_overdue_count_seconds",
		"How long the count that waits longest has been due, 0 without one.", nil, nil)
)

// Describe names what Collect gives.
func (o *orderCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- ordersByStatus
	ch <- oldestOpenOrder
	ch <- oldestInReview
	ch <- oldestUnknown
	ch <- overdueOrder
	ch <- oldestUnsigned
	ch <- accountsHeld
	ch <- countsUnread
	ch <- countsFailing
	ch <- oldestCount
	ch <- overdueCount
	ch <- mailsByState
	ch <- oldestMail
}

// Collect counts what is in the database. Without one it gives nothing: a
// stale figure would look like an answer.
func (o *orderCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	counts, oldest, err := o.db.CountByStatus(ctx)
	var inReview, unknown time.Time
	if err == nil {
		inReview, unknown, err = o.db.OldestInDoubt(ctx)
	}
	var overdue time.Duration
	if err == nil {
		overdue, err = o.overdue(ctx)
	}
	var unsigned time.Time
	if err == nil {
		unsigned, err = o.db.OldestUnsigned(ctx)
	}
	var held int
	if err == nil {
		held, err = o.db.CountHeld(ctx)
	}
	var counted store.CountsInSum
	if err == nil {
		counted, err = o.db.CountsInSum(ctx)
	}
	var mails map[models.MailState]int
	var waiting time.Time
	if err == nil {
		mails, waiting, err = o.db.CountMails(ctx)
	}
	if err != nil {
		o.logger.Error("can't count orders for the metrics", "error", err)
		return
	}
	for _, status := range models.Statuses() {
		ch <- prometheus.MustNewConstMetric(ordersByStatus, prometheus.GaugeValue, float64(counts[status]), string(status))
	}
	ch <- prometheus.MustNewConstMetric(oldestOpenOrder, prometheus.GaugeValue, o.age(oldest))
	ch <- prometheus.MustNewConstMetric(oldestInReview, prometheus.GaugeValue, o.age(inReview))
	ch <- prometheus.MustNewConstMetric(oldestUnknown, prometheus.GaugeValue, o.age(unknown))
	ch <- prometheus.MustNewConstMetric(overdueOrder, prometheus.GaugeValue, overdue.Seconds())
	ch <- prometheus.MustNewConstMetric(oldestUnsigned, prometheus.GaugeValue, o.age(unsigned))
	ch <- prometheus.MustNewConstMetric(accountsHeld, prometheus.GaugeValue, float64(held))
	ch <- prometheus.MustNewConstMetric(countsUnread, prometheus.GaugeValue, float64(counted.Unread))
	ch <- prometheus.MustNewConstMetric(countsFailing, prometheus.GaugeValue, float64(counted.Failing))
	ch <- prometheus.MustNewConstMetric(oldestCount, prometheus.GaugeValue, o.age(counted.Oldest))
	ch <- prometheus.MustNewConstMetric(overdueCount, prometheus.GaugeValue, max(0, o.age(counted.Overdue)))
	for state, n := range mails {
		ch <- prometheus.MustNewConstMetric(mailsByState, prometheus.GaugeValue, float64(n), string(state))
	}
	ch <- prometheus.MustNewConstMetric(oldestMail, prometheus.GaugeValue, o.age(waiting))
}

// age is how many seconds ago something was, 0 for the zero time.
func (o *orderCollector) age(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return o.db.Now().Sub(at).Seconds()
}

// overdue asks as the worker does: an age alone can't tell an order that nobody
// looks at from one that waits for its next send.
func (o *orderCollector) overdue(ctx context.Context) (time.Duration, error) {
	ids, err := o.db.Due(ctx, 1)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	work, err := o.db.Work(ctx, ids[0])
	if err != nil {
		return 0, err
	}
	since := work.Order.DueAt
	if work.Order.Status == models.Sending {
		since = work.Order.LeaseUntil
	}
	if since == nil {
		return 0, nil // it was settled meanwhile
	}
	return max(0, work.Now.Sub(*since)), nil
}

// writable tells whether the database takes writes. It is there also while the
// database can't be asked for anything else.
func writable(db *store.Store) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "portal_database_writable", Help: "1 while the database takes writes, 0 while it does not.",
	}, func() float64 {
		if db.Fault() != nil {
			return 0
		}
		return 1
	})
}

// skewCollector tells how far this machine's clock is ahead of the provider's;
// nothing before the first answer.
type skewCollector func() models.Skew

var clockSkew = prometheus.NewDesc("portal_clock_skew_seconds",
	"How far this machine's clock is ahead of the provider's.", nil, nil)

// Describe names what Collect gives.
func (s skewCollector) Describe(ch chan<- *prometheus.Desc) { ch <- clockSkew }

// Collect gives the newest measurement.
func (s skewCollector) Collect(ch chan<- prometheus.Metric) {
	if skew := s(); !skew.At.IsZero() {
		ch <- prometheus.MustNewConstMetric(clockSkew, prometheus.GaugeValue, skew.By.Seconds())
	}
}
