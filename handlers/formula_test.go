package handlers

import (
	"bytes"
	"encoding/csv"
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
		" \t\n=1":              "' \t\n=1",
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
	} {
		if got := noFormula(s); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	}
}

// FuzzNoFormula: whatever a cell holds, a spreadsheet that reads the file finds
// text, and the text less at most one apostrophe is what was there.
func FuzzNoFormula(f *testing.F) {
	for _, s := range []string{"", "=1", " +1", "\t", "＝", "\u200b-", "a,b\"c", "'=1", "\xff=1", "\u2028@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := noFormula(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		clean := strings.ToValidUTF8(s, "\uFFFD")
		if got != clean && got != "'"+clean {
			t.Fatalf("%q became %q", s, got)
		}
		for _, sign := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"} {
			if strings.HasPrefix(got, sign) || strings.HasPrefix(strings.TrimSpace(got), sign) {
				t.Fatalf("%q begins with %q", got, sign)
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
