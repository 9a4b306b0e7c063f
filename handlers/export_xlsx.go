package handlers

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/xuri/excelize/v2"

	"portal/locales"
	"portal/models"
	"portal/store"
)

const (
	// xlsxAtOnce workbooks are made at the same time, and each person has one until
	// it is read: they take room on disk, and the disk may be the database's.
	xlsxAtOnce = 2
	// sheetRows is as many as a sheet may have, its heading included.
	sheetRows = excelize.TotalRows
	// sheetBytes keeps a sheet under the 4 GiB that Excel reads of one part.
	sheetBytes = 3 << 30
	// unspilled is more rows than ever wait in memory for the disk.
	unspilled = 100_000
)

// exports are the workbooks being made and being read.
type exports struct {
	mu     sync.Mutex
	people map[int64]bool // who has one
	making int
}

func newExports() *exports { return &exports{people: map[int64]bool{}} }

// begin takes a place for somebody, if there is one.
func (x *exports) begin(userID int64) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.people[userID] || x.making >= xlsxAtOnce {
		return false
	}
	x.people[userID] = true
	x.making++
	return true
}

// made gives the place of a workbook that is ready to the next one: whoever reads
// slowly keeps nobody else waiting.
func (x *exports) made() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.making--
}

func (x *exports) end(userID int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.people, userID)
}

// ordersXLSX sends the log's matching orders as a workbook. It is made on disk
// first, so an order that can't be read still gives an error page.
func (a *app) ordersXLSX(c echo.Context) error {
	const kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	return a.export(c, "xlsx", kind, func(filter store.OrderFilter) (err error) {
		ctx, v := c.Request().Context(), viewer(c)
		if !a.exports.begin(v.User.ID) {
			return &throttledError{time.Minute}
		}
		defer a.exports.end(v.User.ID)
		made := sync.OnceFunc(a.exports.made)
		defer made()
		book, err := newWorkbook(locales.From(ctx), columnsFor(v), a.Store.Now(), sheetRows)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, book.close()) }()
		if err := a.eachChunk(ctx, v, filter, book.add); err != nil {
			return err
		}
		if err := book.finish(); err != nil {
			return err
		}
		made()
		a.download(c, "xlsx", kind)
		return book.writeTo(patientTo(c))
	})
}

// workbook is an XLSX file in the making. Its sheets are in temporary files.
type workbook struct {
	l       *locales.Localizer
	columns []column
	rows    int // of a sheet, the heading included
	folder  string
	file    *excelize.File
	sheet   *excelize.StreamWriter
	sheets  int
	row     int   // the last one written on the sheet
	before  int64 // bytes on disk when the sheet began
	values  []any

	heading, text, money, when int // styles
}

func newWorkbook(l *locales.Localizer, cols []column, now time.Time, rows int) (*workbook, error) {
	// A folder of its own, so that whatever happens, removing it removes all. Only
	// a crash leaves one behind; the next export clears it away.
	if err := sweepExports(os.TempDir(), time.Now()); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", exportFolder+"*")
	if err != nil {
		return nil, err
	}
	b := &workbook{
		l: l, columns: cols, rows: rows, folder: folder, values: make([]any, len(cols)),
		file: excelize.NewFile(excelize.Options{TmpDir: folder}),
	}
	if err := b.prepare(now); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *workbook) prepare(now time.Time) error {
	dates := "yyyy-mm-dd hh:mm:ss"
	for _, s := range []struct {
		id    *int
		style excelize.Style
	}{
		{&b.heading, excelize.Style{Font: &excelize.Font{Bold: true}, NumFmt: 49}},
		{&b.text, excelize.Style{NumFmt: 49}}, // stays text when somebody edits it
		{&b.money, excelize.Style{NumFmt: 2}}, // 0.00
		{&b.when, excelize.Style{CustomNumFmt: &dates}},
	} {
		var err error
		if *s.id, err = b.file.NewStyle(&s.style); err != nil {
			return err
		}
	}
	made := now.UTC().Format(time.RFC3339)
	product, title := b.l.T("layout.product"), b.l.T("export.sheet")
	if err := b.file.SetDocProps(&excelize.DocProperties{Title: title, Creator: product, LastModifiedBy: product, Created: made, Modified: made}); err != nil {
		return err
	}
	if err := b.file.SetAppProps(&excelize.AppProperties{Application: product}); err != nil {
		return err
	}
	if err := b.file.SetSheetName("Sheet1", title); err != nil {
		return err
	}
	return b.begin(title)
}

// begin begins a sheet with its heading, which stays in sight.
func (b *workbook) begin(name string) (err error) {
	if b.sheet, err = b.file.NewStreamWriter(name); err != nil {
		return err
	}
	b.sheets++
	for i, col := range b.columns {
		if err := b.sheet.SetColWidth(i+1, i+1, col.width); err != nil {
			return err
		}
		b.values[i] = excelize.Cell{StyleID: b.heading, Value: b.l.T(col.heading)}
	}
	if err := b.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	b.row = 1
	return b.sheet.SetRow("A1", b.values)
}

// add writes orders, on a further sheet when this one is full.
func (b *workbook) add(orders []store.ExportedOrder) error {
	for _, o := range orders {
		if b.row >= b.rows {
			if err := b.turn(); err != nil {
				return err
			}
		}
		for i, col := range b.columns {
			b.values[i] = b.cell(col.cell(b.l, o))
		}
		b.row++
		if err := b.sheet.SetRow("A"+strconv.Itoa(b.row), b.values); err != nil {
			return err
		}
	}
	size, err := b.onDisk()
	switch {
	case err != nil:
		return err
	case size == b.before && b.row > unspilled:
		// Without a file the sheet would silently grow in memory instead.
		return errors.New("the export can't write its temporary file to " + b.folder)
	case size-b.before > sheetBytes:
		return b.turn()
	}
	return nil
}

// turn goes on to the next sheet.
func (b *workbook) turn() (err error) {
	if err := b.sheet.Flush(); err != nil {
		return err
	}
	if b.before, err = b.onDisk(); err != nil {
		return err
	}
	name := b.l.T("export.sheet") + " " + strconv.Itoa(b.sheets+1)
	if _, err := b.file.NewSheet(name); err != nil {
		return err
	}
	return b.begin(name)
}

const exportFolder = "portal-export-"

// sweepExports removes the folders of exports that no process can be at any more.
func sweepExports(in string, now time.Time) error {
	entries, err := os.ReadDir(in)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), exportFolder) {
			continue
		}
		info, err := entry.Info()
		if err != nil || now.Sub(info.ModTime()) < 2*exportLongest {
			continue // gone meanwhile, or perhaps in use
		}
		if err := os.RemoveAll(filepath.Join(in, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// onDisk is how many bytes the sheets have on disk.
func (b *workbook) onDisk() (int64, error) {
	entries, err := os.ReadDir(b.folder)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return 0, err
		}
		sum += info.Size()
	}
	return sum, nil
}

// cell gives a value its style. Text is written as text, which is never a
// formula; times are dates of the spreadsheet's own, which sort, in Beijing.
func (b *workbook) cell(value any) any {
	switch v := value.(type) {
	case string:
		if v == "" {
			return nil
		}
		return excelize.Cell{StyleID: b.text, Value: v}
	case models.Fen:
		return excelize.Cell{StyleID: b.money, Value: float64(v) / 100} // written as the shortest number that it is: 15300.07
	case time.Time:
		return excelize.Cell{StyleID: b.when, Value: v.In(models.Beijing).Truncate(time.Second)}
	}
	return value
}

func (b *workbook) finish() error { return b.sheet.Flush() }

// writeTo sends the workbook as it is being packed. The library would pack it in
// memory first, so its packer is replaced by one that writes straight to out.
func (b *workbook) writeTo(out io.Writer) error {
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter {
		z := zip.NewWriter(out)
		// Half the time for a file that is somewhat larger.
		z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
		return z
	})
	_, err := b.file.WriteTo(io.Discard) // what is left for it: nothing
	return err
}

// close removes what is on disk.
func (b *workbook) close() error { return errors.Join(b.file.Close(), os.RemoveAll(b.folder)) }
