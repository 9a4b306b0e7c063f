package sheet_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"portal/models"
	"portal/sheet"
)

func line(n int, owner, name, note string) models.ImportLine {
	return models.NewImportLine(n, owner, name, note)
}

// TestEverySpreadsheetsWay: the same two accounts, as the spreadsheets of this world
// write them.
func TestEverySpreadsheetsWay(t *testing.T) {
	const uid = "1217259133477183"
	want := []models.ImportLine{line(2, uid, "北方物流, Ltd", "每周一\n联系"), line(4, "2001", "Studio", "")}
	// What Excel in China writes: GB18030 bytes, as they lie in a real file.
	gb := "OwnerId,\xc3\xfb\xb3\xc6,\xb1\xb8\xd7\xa2\r\n" + uid + ",\"\xb1\xb1\xb7\xbd\xce\xef\xc1\xf7, Ltd\",\"\xc3\xbf\xd6\xdc\xd2\xbb\n\xc1\xaa\xcf\xb5\"\r\n2001,Studio,\r\n"
	utf := "OwnerId,名称,备注\r\n" + uid + ",\"北方物流, Ltd\",\"每周一\n联系\"\r\n2001,Studio,\r\n"
	utf16 := "\xff\xfe"
	for _, r := range strings.ReplaceAll(utf, ",", "\t") {
		utf16 += string([]byte{byte(r), byte(r >> 8)})
	}
	utf16 = strings.ReplaceAll(utf16, "\t\x00 \x00L", ",\x00 \x00L")
	for name, data := range map[string]string{
		"UTF-8": utf, "with a byte order mark": "\uFEFF" + utf, "GB18030": gb, "UTF-16": utf16,
		"semicolons": strings.NewReplacer(",名", ";名", ",备", ";备", `,"`, `;"`, "2001,Studio,", "2001;Studio;").Replace(utf),
		"tabs":       strings.NewReplacer(",名", "\t名", ",备", "\t备", `,"`, "\t\"", "2001,Studio,", "2001\tStudio\t").Replace(utf),
		"English":    strings.Replace(utf, "OwnerId,名称,备注", "Alibaba Cloud account ID, Name ,NOTES", 1),
		"Chinese":    strings.Replace(utf, "OwnerId,名称,备注", "阿里云账号 ID（UID）,账号名称,备注", 1),
		"unix":       strings.ReplaceAll(utf, "\r\n", "\n"),
	} {
		got, err := sheet.Read([]byte(data))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%+v\nwant\n%+v", name, err, got, want)
		}
	}
	for name, tc := range map[string]struct {
		data string
		want []models.ImportLine
	}{
		"no header":              {"2001\tStudio\n2002\tOther\tcalls\n", []models.ImportLine{line(1, "2001", "Studio", ""), line(2, "2002", "Other", "calls")}},
		"a rounded first line":   {"1.21726E+15,Studio\n", []models.ImportLine{line(1, "1.21726E+15", "Studio", "")}},
		"other columns, turned":  {"City,Name,UID\nX,Studio,2001\n", []models.ImportLine{line(2, "2001", "Studio", "")}},
		"blank lines and cells":  {"\r\n\r\nOwnerId,Name,Note\r\n\r\n,,\r\n2001,Studio,,,\r\n", []models.ImportLine{line(6, "2001", "Studio", "")}},
		"what Excel says itself": {"sep=;\nOwnerId;Name\n2001;A, B\n", []models.ImportLine{line(3, "2001", "A, B", "")}},
		"an old Macintosh":       {"OwnerId,Name\r2001,Studio", []models.ImportLine{line(2, "2001", "Studio", "")}},
		"doubled quotes":         {"OwnerId,Name\n2001,\"The \"\"Studio\"\"\"\n", []models.ImportLine{line(2, "2001", `The "Studio"`, "")}},
	} {
		got, err := sheet.Read([]byte(tc.data))
		if err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %v\n%+v\nwant\n%+v", name, err, got, tc.want)
		}
	}
}

// TestALineThatIsWrongIsTold: and those around it are read.
func TestALineThatIsWrongIsTold(t *testing.T) {
	for data, want := range map[string]models.LineWrong{
		"2001,Stu\"dio": models.LineMalformed, "\"2001\"x,Studio": models.LineMalformed, "2001,A,n,x": models.LineCells,
		",Studio": models.LineOwnerMissing, "20x,Studio": models.LineOwnerInvalid, "-5,Studio": models.LineOwnerInvalid, "0,S": models.LineOwnerInvalid,
		"9223372036854775808,S": models.LineOwnerInvalid, "1.21726E+15,S": models.LineOwnerRounded, "2001": models.LineNameMissing,
		"2001,\"a\nb\"": models.LineNameInvalid, "2001," + strings.Repeat("名", 201): models.LineNameInvalid,
		"2001,A," + strings.Repeat("备", 2001): models.LineNoteTooLong, "2001,A,a\u202eb": models.LineNoteInvisible,
	} {
		got, err := sheet.Read([]byte("OwnerId,Name,Note\n1,First,\n" + data + "\n2,Last,\n"))
		if err != nil || len(got) != 3 || got[1].Wrong != want || got[1].Number != 3 || got[0].Wrong != "" || got[2].Wrong != "" || got[2].OwnerID != 2 {
			t.Errorf("%.40q: %v %+v", data, err, got)
		}
	}
}

func TestAFileThatIsNoListIsTold(t *testing.T) {
	many := "OwnerId,Name\n"
	for i := range sheet.MaxLines {
		many += fmt.Sprintf("%d,N\n", i+1)
	}
	if got, err := sheet.Read([]byte(many)); err != nil || len(got) != sheet.MaxLines {
		t.Fatal(len(got), err)
	}
	for name, tc := range map[string]struct {
		data string
		why  sheet.Why
		line int
	}{
		"nothing": {"", sheet.Empty, 0}, "a header": {"OwnerId,Name\n", sheet.Empty, 0}, "a workbook": {"PK\x03\x04...", sheet.Workbook, 0},
		"an old workbook": {"\xD0\xCF\x11\xE0", sheet.Workbook, 0}, "a picture": {"\x89PNG\r\n\x1a\n\x00\x00", sheet.NotText, 0},
		"no encoding's": {"OwnerId,Name\n1,\xff\xff\xff\xfe\n", sheet.NotText, 0},
		"zeros":         {"OwnerId,Name\n1,\x00", sheet.NotText, 0}, "no header": {"Studio,2001\n", sheet.NoHeader, 0},
		"no name": {"OwnerId,Note\n1,x\n", sheet.NoColumn, 0}, "too many": {many + "1,N\n", sheet.TooMany, 0},
		"too large":     {strings.Repeat("x", sheet.MaxBytes+1), sheet.TooLarge, 0},
		"an open quote": {"OwnerId,Name\n1,A\n2,\"B\n3,C\n4,D\n", sheet.Unclosed, 3},
	} {
		_, err := sheet.Read([]byte(tc.data))
		var wrong *sheet.Error
		if !errors.As(err, &wrong) || wrong.Why != tc.why || wrong.Line != tc.line {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzRead: whatever is uploaded, it is a list whose every line can be kept and
// shown, or a reason why not.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"OwnerId,Name,Note\n1,A,b\n", "1;A\n2;\"B\"\n", "sep=;\n", "\xff\xfeO\x00", "\xc3\xfb\xb3\xc6,\"\xb1", "\"\"\"\n1,\"", "1\tA\r2\tB", "PK\x03\x04",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := sheet.Read(data)
		if err != nil {
			var wrong *sheet.Error
			if !errors.As(err, &wrong) || lines != nil {
				t.Fatal(lines, err)
			}
			return
		}
		if len(lines) == 0 || len(lines) > sheet.MaxLines {
			t.Fatal(len(lines))
		}
		before := 0
		for _, l := range lines {
			if l.Number <= before {
				t.Fatalf("line %d comes after %d", l.Number, before)
			}
			before = l.Number
			for _, text := range []string{l.Owner, l.Name, l.Note} {
				if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
					t.Fatalf("%q", text)
				}
			}
			if l.Wrong == "" && (l.OwnerID < 1 || l.Name == "") {
				t.Fatalf("%+v", l)
			}
		}
	})
}
