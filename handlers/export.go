package handlers

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/locales"
	"portal/models"
	"portal/store"
)

const (
	// exportChunk is how many orders are read at a time. Memory goes by it, not by
	// how many orders there are.
	exportChunk = 1000
	// A download may take exportLongest, as long as the reader takes something
	// within exportStall.
	exportLongest = time.Hour
	exportStall   = time.Minute
)

// column is one column of an export.
type column struct {
	heading string  // key of its words
	width   float64 // in a spreadsheet, in characters
	// cell is a string, an int, models.Fen, a time.Time, or nil where there is
	// nothing to say.
	cell  func(*locales.Localizer, store.ExportedOrder) any
	staff bool // for support and operators only
	both  bool // for who sees both prices only
}

// columns of both files.
var columns = []column{
	{"export.number", 20, func(_ *locales.Localizer, o store.ExportedOrder) any { return o.Number }, false, false},
	{"export.kind", 12, func(l *locales.Localizer, o store.ExportedOrder) any { return l.T("kind." + string(o.Kind)) }, false, false},
	{"export.status", 16, func(l *locales.Localizer, o store.ExportedOrder) any { return l.T("status." + string(o.Status)) }, false, false},
	{"export.reason", 40, exportedReason, false, false},
	{"export.account", 28, func(_ *locales.Localizer, o store.ExportedOrder) any { return o.AccountName }, false, false},
	// Text, because a spreadsheet's numbers keep 15 digits and a UID has 16.
	{"export.owner_id", 20, func(_ *locales.Localizer, o store.ExportedOrder) any { return strconv.FormatInt(o.OwnerID, 10) }, false, false},
	{"export.edition", 12, func(l *locales.Localizer, o store.ExportedOrder) any { return l.T("edition." + string(o.Edition)) }, false, false},
	{"export.term", 12, exportedTerm, false, false},
	{"export.machines", 10, func(_ *locales.Localizer, o store.ExportedOrder) any { return o.InstanceCount }, false, false},
	{"export.auto_renew_months", 14, exportedAutoRenew, false, false},
	{"export.total", 16, func(_ *locales.Localizer, o store.ExportedOrder) any { return o.TotalFen }, false, false},
	{"export.list_price", 16, func(_ *locales.Localizer, o store.ExportedOrder) any { list, _ := listPrice(o.Lines); return list }, false, false},
	{"export.discount", 16, func(_ *locales.Localizer, o store.ExportedOrder) any {
		_, discount := listPrice(o.Lines)
		return discount
	}, false, false},
	{"export.charged", 16, func(_ *locales.Localizer, o store.ExportedOrder) any { return moved(o, false) }, false, false},
	{"export.refunded", 16, func(_ *locales.Localizer, o store.ExportedOrder) any { return moved(o, true) }, false, false},
	{"export.placed_at", 20, func(_ *locales.Localizer, o store.ExportedOrder) any { return o.PlacedAt }, false, false},
	{"export.settled_at", 20, func(_ *locales.Localizer, o store.ExportedOrder) any { return instant(o.SettledAt) }, false, false},
	{"export.starts_at", 20, func(_ *locales.Localizer, o store.ExportedOrder) any { return instant(o.StartsAt) }, false, false},
	{"export.ends_at", 20, func(_ *locales.Localizer, o store.ExportedOrder) any { return instant(o.EndsAt) }, false, false},
	{"export.provider_order_id", 22, func(_ *locales.Localizer, o store.ExportedOrder) any { return o.ProviderOrderID }, false, false},
	{"export.instance_id", 24, func(_ *locales.Localizer, o store.ExportedOrder) any { return o.InstanceID }, false, false},
	{"export.request_id", 38, func(_ *locales.Localizer, o store.ExportedOrder) any { return o.RequestID }, false, false},
	{"export.quote_id", 38, func(_ *locales.Localizer, o store.ExportedOrder) any { return o.QuoteID }, false, false},
	{"export.code", 24, func(_ *locales.Localizer, o store.ExportedOrder) any { return o.Code }, false, false},
	{"export.email", 44, func(l *locales.Localizer, o store.ExportedOrder) any { return placerWords(l, o.Placer) }, false, false},
	{"export.client_token", 30, func(_ *locales.Localizer, o store.ExportedOrder) any { return o.ClientToken }, true, false},
	{"export.own_total", 16, func(_ *locales.Localizer, o store.ExportedOrder) any { return ofOwn(o, o.PaysFen()) }, false, true},
	{"export.margin", 16, func(_ *locales.Localizer, o store.ExportedOrder) any { return ofOwn(o, o.MarginFen()) }, false, true},
}

// columnsFor are those that the viewer may see.
func columnsFor(v models.Viewer) []column {
	var out []column
	for _, c := range columns {
		if (!c.staff || v.Staff()) && (!c.both || v.SeesList()) {
			out = append(out, c)
		}
	}
	return out
}

func exportedReason(l *locales.Localizer, o store.ExportedOrder) any {
	if o.Reason == models.ReasonNone {
		return nil
	}
	return l.T("reason." + string(o.Reason))
}

func exportedTerm(l *locales.Localizer, o store.ExportedOrder) any {
	if o.Duration == 0 {
		return nil // an upgrade or a refund buys no term
	}
	return l.Term(o.Term())
}

func exportedAutoRenew(_ *locales.Localizer, o store.ExportedOrder) any {
	if !o.AutoRenew {
		return nil
	}
	return o.AutoRenewMonths
}

// ofOwn is a sum that there is only where the account pays its reseller.
func ofOwn(o store.ExportedOrder, fen models.Fen) any {
	if o.OwnTotalFen == nil {
		return nil
	}
	return fen
}

// listPrice is what a term costs before its discount, and the discount, both nil
// for orders whose price is made in another way.
func listPrice(lines []models.Line) (list, discount any) {
	var price, off models.Fen
	for _, line := range lines {
		if line.Kind != models.LineEdition && line.Kind != models.LineDiscount {
			return nil, nil
		}
		if line.Kind == models.LineEdition {
			price += line.Amount
		} else {
			off -= line.Amount
		}
	}
	if len(lines) == 0 {
		return nil, nil
	}
	return price, off
}

// moved is the sum that the order has moved: charged, or paid back. Nil when
// nothing has, or when it is not known yet.
func moved(o store.ExportedOrder, back bool) any {
	if !o.Done() || back != (o.Kind == models.Refund) {
		return nil
	}
	return o.TotalFen
}

func instant(t *time.Time) any {
	if t == nil {
		return nil
	}
	return *t
}

// export checks what is asked for, and lets write answer with the file. HEAD
// learns that there is one: nothing is read for it.
func (a *app) export(c echo.Context, extension, kind string, write func(store.OrderFilter) error) error {
	filter, problems := readFilter(askedOrders(c))
	if len(problems) > 0 {
		return a.orders(c) // the page that says them
	}
	if exchangeOf(c.Request()).head {
		a.download(c, extension, kind)
		return nil
	}
	return write(filter)
}

// download writes the header of a file. What fails from here on cuts the
// connection.
func (a *app) download(c echo.Context, extension, kind string) {
	name := "orders-" + a.Store.Now().In(models.Beijing).Format("20060102") + "." + extension
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	c.Response().Header().Set(echo.HeaderContentType, kind)
	c.Response().WriteHeader(http.StatusOK)
}

// eachChunk calls f with all matching orders in parts, newest first; at least
// once, perhaps with none.
func (a *app) eachChunk(ctx context.Context, v models.Viewer, filter store.OrderFilter, f func([]store.ExportedOrder) error) error {
	for before := int64(0); ; {
		rows, err := a.Store.ExportOrders(ctx, v, filter, before, exportChunk)
		if err != nil {
			return err
		}
		if err := f(rows); err != nil {
			return err
		}
		if len(rows) < exportChunk {
			return nil
		}
		before = rows[len(rows)-1].ID
	}
}

// patient is a response to a reader who may take long: the server's deadline for
// a page moves on with what is read.
type patient struct {
	io.Writer
	control *http.ResponseController
	end     time.Time // no later than this
	next    time.Time // when the deadline is due to be moved
}

func patientTo(c echo.Context) *patient {
	return &patient{c.Response(), http.NewResponseController(c.Response()), time.Now().Add(exportLongest), time.Time{}}
}

func (p *patient) Write(b []byte) (int, error) {
	if now := time.Now(); now.After(p.next) {
		deadline := now.Add(exportStall)
		if deadline.After(p.end) {
			deadline = p.end
		}
		if err := p.control.SetWriteDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return 0, err
		}
		p.next = now.Add(exportStall / 10)
	}
	return p.Writer.Write(b)
}

// byteOrderMark tells Excel that a file is UTF-8.
const byteOrderMark = "\uFEFF"

// ordersCSV sends the log's matching orders as CSV.
func (a *app) ordersCSV(c echo.Context) error {
	const kind = "text/csv; charset=utf-8"
	return a.export(c, "csv", kind, func(filter store.OrderFilter) error {
		ctx, v := c.Request().Context(), viewer(c)
		l, cols, out := locales.From(ctx), columnsFor(v), patientTo(c)
		var buffer bytes.Buffer
		w := csv.NewWriter(&buffer)
		w.UseCRLF = true
		record := make([]string, len(cols))
		return a.eachChunk(ctx, v, filter, func(rows []store.ExportedOrder) error {
			if !c.Response().Committed { // the first orders could be read, so there is a file
				a.download(c, "csv", kind)
				buffer.WriteString(byteOrderMark)
				for i, col := range cols {
					record[i] = csvCell(l.T(col.heading))
				}
				if err := w.Write(record); err != nil {
					return err
				}
			}
			for _, row := range rows {
				for i, col := range cols {
					record[i] = csvCell(col.cell(l, row))
				}
				if err := w.Write(record); err != nil {
					return err
				}
			}
			w.Flush()
			if err := w.Error(); err != nil {
				return err
			}
			if _, err := buffer.WriteTo(out); err != nil {
				return err
			}
			return out.control.Flush()
		})
	})
}

// csvCell writes a value as CSV wants it: sums as plain numbers of yuan, times
// in Beijing.
func csvCell(value any) string {
	switch v := value.(type) {
	case string:
		return noFormula(v)
	case int:
		return strconv.Itoa(v)
	case models.Fen:
		return v.Yuan()
	case time.Time:
		return v.In(models.Beijing).Format(time.DateTime)
	}
	return ""
}

// formula is what a spreadsheet would take for the beginning of one, at the
// beginning of a cell. Spreadsheets skip what can't be seen there, and some read
// the wide signs of Chinese keyboards as the plain ones. A cell also begins behind
// a semicolon, where that separates the cells of a reader's country.
var formula = regexp.MustCompile(`(^|[;\t\r\n])([\x00-\x08\x0b\x0c\x0e-\x20\x7f-\x{a0}\p{Z}\p{Cf}]*[=+\-@＝＋－＠﹦﹢﹣﹫−])`)

// noFormula puts an apostrophe before what could be read as a formula.
func noFormula(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = formula.ReplaceAllString(s, "$1'$2")
	if strings.HasPrefix(s, "\t") || strings.HasPrefix(s, "\r") || strings.HasPrefix(s, "\n") {
		s = "'" + s
	}
	return s
}
