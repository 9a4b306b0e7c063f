package handlers

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"portal/locales"
	"portal/models"
	"portal/store"
)

func TestTextIsNeverAFormula(t *testing.T) {
	for s, want := range map[string]string{
		"":                     "",
		"Linhai Trading":       "Linhai Trading",
		"云栖 = 电商":              "云栖 = 电商",
		"a@example.com":        "a@example.com",
		"1+1":                  "1+1",
		"'quoted":              "'quoted",
		"=1+1":                 "'=1+1",
		"+86 571":              "'+86 571",
		"-1":                   "'-1",
		"@SUM(A1)":             "'@SUM(A1)",
		"\tx":                  "'\tx",
		"\rx":                  "'\rx",
		"\nx":                  "'\nx",
		"  =1+1":               "'  =1+1",
		" \t\n=1":              " \t\n'=1",
		"\u00a0\u3000=1":       "'\u00a0\u3000=1",
		"\ufeff=1":             "'\ufeff=1",
		"\u200b=1":             "'\u200b=1",
		"\x00=1":               "'\x00=1",
		"＝1+1":                 "'＝1+1",
		"＋1":                   "'＋1",
		"－1":                   "'－1",
		"＠SUM(A1)":             "'＠SUM(A1)",
		"\u22121":              "'\u22121",
		"=cmd|' /C calc'!'A1'": "'=cmd|' /C calc'!'A1'",
		"broken \xff":          "broken \uFFFD",
		// Where a semicolon separates cells.
		"Acme;=1+1":           "Acme;'=1+1",
		"Acme; \u200b+1;-2;x": "Acme;' \u200b+1;'-2;x",
		"a\t=1\r@b\n-c":       "a\t'=1\r'@b\n'-c",
	} {
		if got := noFormula(s); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	}
}

// FuzzNoFormula: whatever a cell holds, a spreadsheet that reads the file finds
// text, and the text less at most one apostrophe is what was there.
func FuzzNoFormula(f *testing.F) {
	for _, s := range []string{"", "=1", " +1", "\t", "＝", "\u200b-", "a,b\"c", "'=1", "\xff=1", "\u2028@", "a;=1", "a;;\t-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := noFormula(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		clean := strings.ToValidUTF8(s, "\uFFFD")
		if strings.ReplaceAll(got, "'", "") != strings.ReplaceAll(clean, "'", "") {
			t.Fatalf("%q became %q", s, got)
		}
		for _, sign := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"} {
			if strings.HasPrefix(got, sign) {
				t.Fatalf("%q begins with %q", got, sign)
			}
			for _, cell := range strings.FieldsFunc(got, func(r rune) bool { return strings.ContainsRune(";\t\r\n", r) }) {
				if strings.HasPrefix(strings.TrimSpace(cell), sign) {
					t.Fatalf("a cell of %q begins with %q", got, sign)
				}
			}
		}
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		w.UseCRLF = true
		if err := w.Write([]string{got, "next"}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		back, err := csv.NewReader(&file).Read()
		if err != nil || len(back) != 2 || back[1] != "next" {
			t.Fatalf("%q is read back as %q: %v", got, back, err)
		}
	})
}

// TestWorkbooksAreMadeAFewAtATime: they take room on disk.
func TestWorkbooksAreMadeAFewAtATime(t *testing.T) {
	x := newExports()
	for person := range int64(xlsxAtOnce) {
		if !x.begin(person) {
			t.Fatalf("no place for number %d", person)
		}
	}
	if x.begin(99) {
		t.Fatal("one more than there are places")
	}
	x.made() // and is being read
	if x.begin(0) {
		t.Fatal("two for one person")
	}
	if !x.begin(99) {
		t.Fatal("no place where one was given back")
	}
	x.made()
	x.end(99)
	x.end(0)
	if !x.begin(0) {
		t.Fatal("no second one for who has read the first")
	}
}

// TestWhatACrashLeftIsClearedAway: old folders of exports, and nothing else.
func TestWhatACrashLeftIsClearedAway(t *testing.T) {
	folder, now := t.TempDir(), time.Now()
	for name, age := range map[string]time.Duration{
		"portal-export-old": 3 * exportLongest, "portal-export-new": exportLongest, "other": 100 * exportLongest,
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Join(path, "sheets"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := sweepExports(folder, now); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 2 || entries[0].Name() != "other" || entries[1].Name() != "portal-export-new" {
		t.Fatalf("%v %v", entries, err)
	}
}

// TestAWorkbookGoesOnOnFurtherSheets has sheets of four rows instead of a million.
func TestAWorkbookGoesOnOnFurtherSheets(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	now := time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC)
	b, err := newWorkbook(locales.For("en", ""), columns[:2], now, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.close() }()
	orders := make([]store.ExportedOrder, 8)
	for i := range orders {
		orders[i].Number, orders[i].Kind = string(rune('a'+i)), models.Buy
	}
	if err := b.add(orders); err != nil {
		t.Fatal(err)
	}
	if err := b.finish(); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := b.writeTo(&file); err != nil {
		t.Fatal(err)
	}
	read, err := excelize.OpenReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, sheet := range read.GetSheetList() {
		rows, err := read.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, sheet)
		for _, row := range rows {
			got = append(got, row[0])
		}
	}
	want := "Orders,Order number,a,b,c,Orders 2,Order number,d,e,f,Orders 3,Order number,g,h"
	if strings.Join(got, ",") != want {
		t.Fatalf("got  %s\nwant %s", strings.Join(got, ","), want)
	}
}
