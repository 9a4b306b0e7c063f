package handlers

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"portal/locales"
	"portal/models"
	"portal/sheet"
	"portal/store"
	"portal/views"
)

const (
	// maxUpload is as much as is read of an upload. A list may have far less; what
	// is a little too large is told so, instead of being cut off.
	maxUpload = 4 * sheet.MaxBytes
	// importsAnHour bounds how many lists each person uploads: they are kept for an
	// hour.
	importsAnHour = 60
	// importPageSize is how many lines of a list a page shows.
	importPageSize = 100
)

// importProblem says what is wrong with a whole file.
var importProblem = map[sheet.Why]string{
	sheet.TooLarge: "import_too_large", sheet.TooMany: "import_too_many", sheet.Empty: "import_empty", sheet.Workbook: "import_workbook",
	sheet.NotText: "import_not_text", sheet.NoHeader: "import_no_header", sheet.NoColumn: "import_no_column", sheet.Unclosed: "import_unclosed",
}

// importForm asks for a list of accounts.
func (a *app) importForm(c echo.Context) error {
	return a.renderImportForm(c, http.StatusOK, views.ImportFormProps{})
}

// uploadImport reads a list and leads to what would become of each line. Nothing
// of it is an account yet.
func (a *app) uploadImport(c echo.Context) error {
	ctx, v := c.Request().Context(), viewer(c)
	p, data, err := readUpload(c)
	if err != nil {
		return err
	}
	var reseller *int64
	if p.Reseller != "" {
		id, err := strconv.ParseInt(p.Reseller, 10, 64)
		if err != nil {
			return echo.NewHTTPError(http.StatusBadRequest)
		}
		reseller = &id
	}
	if len(p.Problems) == 0 {
		err := a.attempt(ctx, store.Limit{Name: fmt.Sprintf("imports:%d", v.User.ID), Failures: importsAnHour, Window: time.Hour})
		if err != nil {
			return err
		}
		lines, err := sheet.Read(data)
		var wrong *sheet.Error
		switch {
		case errors.As(err, &wrong):
			p.Problems = []views.Problem{{Field: p.From, Key: importProblem[wrong.Why], Args: []any{"Line", wrong.Line, "Most", sheet.MaxLines}}}
		case err != nil:
			return err
		default:
			list, err := a.Store.AddImport(ctx, v, reseller, lines)
			if err == nil {
				return c.Redirect(http.StatusSeeOther, importPath(list.ID))
			}
			if !errors.Is(err, models.ErrNotFound) {
				return err
			}
			p.Problems = []views.Problem{{Field: "reseller", Key: "reseller_unknown"}}
		}
	}
	return a.renderImportForm(c, http.StatusUnprocessableEntity, p)
}

func importPath(id string) string { return "/accounts/import/" + id }

func (a *app) renderImportForm(c echo.Context, status int, p views.ImportFormProps) error {
	if viewer(c).Whose(models.ActAdminister) == models.WhoseAll {
		var err error
		if p.Resellers, err = a.Store.Resellers(c.Request().Context()); err != nil {
			return err
		}
	}
	p.MostLines = sheet.MaxLines
	return a.render(c, status, views.ImportForm(a.page(c), p))
}

// readUpload reads the form, of a browser or of a script: a file, or what was
// pasted. Not by net/http, which would write a large part to a file.
func readUpload(c echo.Context) (p views.ImportFormProps, data []byte, err error) {
	r := c.Request()
	var file []byte
	if kind, _, _ := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType)); kind == echo.MIMEMultipartForm {
		parts, err := r.MultipartReader()
		if err != nil {
			return p, nil, badForm(err)
		}
		defer func() { // so that an error's page can send it again
			r.PostForm.Set("pasted", p.Pasted)
			r.PostForm.Set("reseller", p.Reseller)
		}()
		for {
			part, err := parts.NextPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return p, nil, badForm(err)
			}
			value, err := io.ReadAll(part) // limitBody bounds it
			if err != nil {
				return p, nil, badForm(err)
			}
			if err := takePart(part, value, &p, &file); err != nil {
				return p, nil, err
			}
		}
	} else {
		p.Pasted, p.Reseller = r.PostForm.Get("pasted"), r.PostForm.Get("reseller")
	}
	pasted := strings.TrimSpace(p.Pasted) != ""
	switch {
	case len(file) > 0 && pasted:
		p.Problems = []views.Problem{{Field: "file", Key: "import_both"}}
	case len(file) > 0:
		p.From, data = "file", file
	case pasted:
		p.From, data = "pasted", []byte(p.Pasted)
	default:
		p.Problems = []views.Problem{{Field: "file", Key: "import_nothing"}}
	}
	return p, data, nil
}

func takePart(part *multipart.Part, value []byte, p *views.ImportFormProps, file *[]byte) error {
	if part.FormName() == "file" {
		*file = value
		return nil
	}
	text := string(value)
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) { // as refuseGarbage has it of other forms
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	switch part.FormName() {
	case "pasted":
		p.Pasted = text
	case "reseller":
		p.Reseller = text
	}
	return nil
}

// importLines shows what would become of each line of a list, or what did.
func (a *app) importLines(c echo.Context) error { return a.renderImport(c, http.StatusOK, nil) }

// confirmImport adds what can be added, all of it or nothing, if that is still what
// the person was shown.
func (a *app) confirmImport(c echo.Context) error {
	err := a.Store.ConfirmImport(c.Request().Context(), a.by(c), c.Param("import"), c.Request().PostForm.Get("seen"))
	if errors.Is(err, models.ErrConflict) {
		return a.renderImport(c, http.StatusConflict, []views.Problem{{Key: "import_changed"}})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, importPath(c.Param("import")))
}

func (a *app) renderImport(c echo.Context, status int, problems []views.Problem) error {
	ctx, v := c.Request().Context(), viewer(c)
	list, fates, err := a.Store.Import(ctx, v, c.Param("import"))
	if err != nil {
		return err
	}
	p := views.ImportProps{
		ID: list.ID, Done: list.DoneAt, ExpiresAt: list.ExpiresAt, Counts: models.CountFates(fates), All: len(fates),
		Fate: models.Fate(c.QueryParam("fate")), Seen: models.FatesSeen(fates), Problems: problems,
	}
	if list.ResellerID != nil && v.Whose(models.ActAdminister) == models.WhoseAll {
		if p.Reseller, err = a.Store.SoldBy(ctx, models.Account{ResellerID: list.ResellerID}); err != nil {
			return err
		}
	}
	after := cursor(c, "after")
	for _, f := range fates {
		if int64(f.Number) <= after || p.Fate != "" && f.Fate != p.Fate {
			continue
		}
		if len(p.Lines) == importPageSize {
			p.NextURL = importPath(list.ID) + "?" + url.Values{
				"fate": {string(p.Fate)}, "after": {strconv.Itoa(p.Lines[importPageSize-1].Number)},
			}.Encode()
			break
		}
		p.Lines = append(p.Lines, f)
	}
	page := a.page(c)
	page.Path = importPath(list.ID) // also after a post
	return a.render(c, status, views.Import(page, p))
}

// importLeft is a file of the lines that were not or would not be added, with why;
// it can be mended and uploaded again.
func (a *app) importLeft(c echo.Context) error {
	list, fates, err := a.Store.Import(c.Request().Context(), viewer(c), c.Param("import"))
	if err != nil {
		return err
	}
	l := locales.From(c.Request().Context())
	rows := [][]string{append(headings(l), l.T("import.line"), l.T("import.why"))}
	for _, f := range fates {
		if f.Fate != models.FateAdd {
			rows = append(rows, []string{f.Owner, f.Name, f.Note, strconv.Itoa(f.Number), views.FateWords(l, f)})
		}
	}
	return sendCSV(c, "accounts-left-"+list.CreatedAt.In(models.Beijing).Format("20060102-1504")+".csv", rows)
}

// importTemplate is an empty list with its header.
func (a *app) importTemplate(c echo.Context) error {
	return sendCSV(c, "accounts.csv", [][]string{headings(locales.From(c.Request().Context()))})
}

// headings are those that sheet.Read knows.
func headings(l *locales.Localizer) []string {
	return []string{l.T("import.owner_id"), l.T("import.name"), l.T("import.note")}
}

// sendCSV sends a small file, made whole before the status is written.
func sendCSV(c echo.Context, name string, rows [][]string) error {
	var buffer bytes.Buffer
	buffer.WriteString(byteOrderMark)
	w := csv.NewWriter(&buffer)
	w.UseCRLF = true
	for _, row := range rows {
		for i := range row {
			row[i] = noFormula(row[i])
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", buffer.Bytes())
}
