// Package sheet reads lists of accounts as people have them: CSV that some
// spreadsheet wrote, in the ways of its country, or cells pasted from one.
package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	uni "golang.org/x/text/encoding/unicode"

	"portal/models"
)

// What a list may have at most.
const (
	MaxBytes = 1 << 20
	MaxLines = 5000 // of accounts, without the header
)

// Why is what keeps a whole file from being read (locales: "problem.import_<value>").
type Why string

// What can be wrong with a whole file.
const (
	TooLarge Why = "too_large" // more than MaxBytes
	TooMany  Why = "too_many"  // more than MaxLines
	Empty    Why = "empty"     // no line of an account
	Workbook Why = "workbook"  // Excel's own format
	NotText  Why = "not_text"  // no encoding that is known here
	NoHeader Why = "no_header" // the first line names no columns, and begins with no OwnerId
	NoColumn Why = "no_column" // the header names no name
	Unclosed Why = "unclosed"  // a quotation mark that is opened and never closed
)

// Whys lists all of them.
func Whys() []Why {
	return []Why{TooLarge, TooMany, Empty, Workbook, NotText, NoHeader, NoColumn, Unclosed}
}

// Error is a file that can't be read as a list of accounts.
type Error struct {
	Why  Why
	Line int // that it is about, 0 for none
}

func (e *Error) Error() string { return fmt.Sprintf("a list of accounts: %s (line %d)", e.Why, e.Line) }

// Read reads a list. UTF-8 with or without a byte order mark, UTF-16 with one, or
// GB18030, as Excel in China writes it; cells separated by commas, semicolons or
// tabs; a header in English or Chinese, or none where OwnerId, name and note stand
// in this order. Its error is an *Error.
func Read(data []byte) ([]models.ImportLine, error) {
	if len(data) > MaxBytes {
		return nil, &Error{Why: TooLarge}
	}
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	separator, text, skipped := separated(text)
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = separator, -1
	var lines []models.ImportLine
	var at columns
	for {
		cells, err := r.Read()
		var wrong *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			if len(lines) == 0 {
				return nil, &Error{Why: Empty}
			}
			return lines, nil
		case errors.As(err, &wrong):
			if errors.Is(err, csv.ErrQuote) && wrong.Line > wrong.StartLine {
				// Everything behind it was read as one cell: nobody can tell what was meant.
				return nil, &Error{Why: Unclosed, Line: wrong.StartLine + skipped}
			}
			if len(lines) == MaxLines {
				return nil, &Error{Why: TooMany}
			}
			lines = append(lines, models.ImportLine{Number: wrong.StartLine + skipped, Wrong: models.LineMalformed})
			continue
		case err != nil:
			return nil, err // a reader of a string has no other
		case blank(cells):
			continue
		}
		line, _ := r.FieldPos(0)
		line += skipped
		if at == nil {
			var header bool
			if at, header, err = columnsOf(cells); err != nil {
				return nil, err
			}
			if header {
				continue
			}
		}
		if len(lines) == MaxLines {
			return nil, &Error{Why: TooMany}
		}
		lines = append(lines, at.line(line, cells))
	}
}

// decode makes text of what was uploaded.
func decode(data []byte) (string, error) {
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("\xD0\xCF\x11\xE0")) {
		return "", &Error{Why: Workbook}
	}
	var from encoding.Encoding
	switch {
	case bytes.HasPrefix(data, []byte("\xFF\xFE")), bytes.HasPrefix(data, []byte("\xFE\xFF")):
		from = uni.UTF16(uni.BigEndian, uni.UseBOM)
	case !utf8.Valid(data):
		from = simplifiedchinese.GB18030
	}
	if from != nil {
		decoded, err := from.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return "", &Error{Why: NotText}
		}
		data = decoded
	}
	if bytes.ContainsRune(data, 0) {
		return "", &Error{Why: NotText}
	}
	text := strings.TrimPrefix(string(data), "\uFEFF")
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	return text, nil
}

// separated finds what separates the cells: what Excel's own first line says, else
// what makes most of the first line. skipped is how many lines were taken away.
func separated(text string) (separator rune, rest string, skipped int) {
	trimmed := strings.TrimLeft(text, "\r\n")
	skipped = strings.Count(text[:len(text)-len(trimmed)], "\n")
	head, rest, _ := strings.Cut(trimmed, "\n")
	head = strings.TrimSuffix(head, "\r")
	if told, ok := strings.CutPrefix(strings.ToLower(head), "sep="); ok && (told == ";" || told == "," || told == "\t") {
		return rune(told[0]), rest, skipped + 1
	}
	separator, most := ',', 0
	for _, s := range ",;\t" {
		r := csv.NewReader(strings.NewReader(head))
		r.Comma, r.LazyQuotes = s, true
		if cells, err := r.Read(); err == nil && len(cells) > most {
			separator, most = s, len(cells)
		}
	}
	return separator, trimmed, skipped
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// columns says where OwnerId, name and note stand, -1 for a note that there is
// not; and how many there are.
type columns []int

// headings are what the columns may be called, without what people write
// differently.
var headings = []map[string]bool{
	{"ownerid": true, "uid": true, "alibabacloudaccountid": true, "accountid": true, "alibabacloudid": true,
		"账号id": true, "阿里云账号id": true, "阿里云账号": true, "阿里云uid": true, "用户id": true},
	{"name": true, "accountname": true, "名称": true, "账号名称": true, "账号名": true, "客户名称": true, "客户": true},
	{"note": true, "notes": true, "remark": true, "remarks": true, "备注": true, "说明": true},
}

func heading(cell string) string {
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-*:：\u00a0\u3000", r) {
			return -1
		}
		return r
	}, strings.ToLower(cell))
	plain, _, _ = strings.Cut(plain, "(")
	plain, _, _ = strings.Cut(plain, "（")
	return plain
}

func columnsOf(cells []string) (at columns, header bool, err error) {
	at = columns{-1, -1, -1, len(cells)}
	for i, cell := range cells {
		for c, names := range headings {
			if at[c] < 0 && names[heading(cell)] {
				at[c] = i
			}
		}
	}
	if at[0] >= 0 {
		if at[1] < 0 {
			return nil, true, &Error{Why: NoColumn}
		}
		return at, true, nil
	}
	if l := models.NewImportLine(1, cells[0], "", ""); l.OwnerID == 0 && l.Wrong != models.LineOwnerRounded {
		return nil, false, &Error{Why: NoHeader}
	}
	return columns{0, 1, 2, 3}, false, nil
}

func (at columns) line(number int, cells []string) models.ImportLine {
	cell := func(c int) string {
		if i := at[c]; i >= 0 && i < len(cells) {
			return cells[i]
		}
		return ""
	}
	l := models.NewImportLine(number, cell(0), cell(1), cell(2))
	if len(cells) > at[3] && !blank(cells[at[3]:]) {
		l.OwnerID, l.Wrong = 0, models.LineCells
	}
	return l
}
