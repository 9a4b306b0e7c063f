package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// LongestNote is how many characters a note has at most.
const LongestNote = 2000

// LineWrong is what keeps a line of a list of accounts from being one (locales:
// "import_wrong.<value>").
type LineWrong string

// What can be wrong with a line by itself.
const (
	LineMalformed     LineWrong = "malformed"      // its quotation marks don't fit
	LineCells         LineWrong = "cells"          // more cells than columns
	LineOwnerMissing  LineWrong = "owner_missing"  // no OwnerId
	LineOwnerInvalid  LineWrong = "owner_invalid"  // not digits, or too large
	LineOwnerRounded  LineWrong = "owner_rounded"  // 1.23E+15: a spreadsheet has thrown digits away
	LineNameMissing   LineWrong = "name_missing"   // no name
	LineNameInvalid   LineWrong = "name_invalid"   // too long, or with what can't be seen
	LineNoteTooLong   LineWrong = "note_too_long"  // more than LongestNote characters
	LineNoteInvisible LineWrong = "note_invisible" // with what can't be seen
)

// LineWrongs lists all of them.
func LineWrongs() []LineWrong {
	return []LineWrong{
		LineMalformed, LineCells, LineOwnerMissing, LineOwnerInvalid, LineOwnerRounded,
		LineNameMissing, LineNameInvalid, LineNoteTooLong, LineNoteInvisible,
	}
}

// ImportLine is a line of a list of accounts.
type ImportLine struct {
	Number  int       `json:"number"` // in the file, from 1
	Owner   string    `json:"owner"`  // as it stands there
	OwnerID int64     `json:"owner_id"`
	Name    string    `json:"name"`
	Note    string    `json:"note"`
	Wrong   LineWrong `json:"wrong"` // empty for nothing
}

// NewImportLine reads the cells of a line.
func NewImportLine(number int, owner, name, note string) ImportLine {
	l := ImportLine{Number: number, Owner: strings.TrimSpace(owner), Name: strings.TrimSpace(name), Note: strings.TrimSpace(note)}
	var err error
	l.OwnerID, err = ParseOwnerID(l.Owner)
	switch {
	case l.Owner == "":
		l.Wrong = LineOwnerMissing
	case err != nil && strings.ContainsAny(l.Owner, "Ee") && strings.Trim(l.Owner, "0123456789.,+Ee ") == "":
		l.Wrong = LineOwnerRounded
	case err != nil:
		l.Wrong = LineOwnerInvalid
	case l.Name == "":
		l.Wrong = LineNameMissing
	case second(NormalizeName(l.Name)) != nil:
		l.Wrong = LineNameInvalid
	case utf8.RuneCountInString(l.Note) > LongestNote:
		l.Wrong = LineNoteTooLong
	case !visible(l.Note):
		l.Wrong = LineNoteInvisible
	}
	return l
}

func second[T any](_ T, err error) error { return err }

// visible says whether words of several lines can be shown.
func visible(words string) bool {
	return !strings.ContainsFunc(words, func(r rune) bool {
		return !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r) && !strings.ContainsRune("\t\r\n", r)
	})
}

// Fate is what becomes of a line (locales: "import_fate.<value>").
type Fate string

// The fates.
const (
	FateAdd       Fate = "add"
	FateUnchanged Fate = "unchanged" // an account of theirs already
	FateKept      Fate = "kept"      // the same, with another name, which stays
	FateTaken     Fate = "taken"     // another's; whose, nobody is told
	FateRepeated  Fate = "repeated"  // stands in an earlier line
	FateWrong     Fate = "wrong"     // see the line's Wrong
)

// Fates lists all of them, in the order in which they are shown.
func Fates() []Fate {
	return []Fate{FateAdd, FateUnchanged, FateKept, FateTaken, FateRepeated, FateWrong}
}

// LineFate is a line with what becomes of it.
type LineFate struct {
	ImportLine
	Fate  Fate   `json:"fate"`
	First int    `json:"first"` // of a repeated one: the earlier line's number
	Known string `json:"known"` // the name that is kept
}

// FatesOf says what becomes of each line where the accounts will be this
// reseller's, nil for direct ones. known are all accounts that there are of the
// lines' OwnerIds, by them, also others'.
func FatesOf(lines []ImportLine, reseller *int64, known map[int64]Account) []LineFate {
	first := map[int64]int{}
	out := make([]LineFate, len(lines))
	for i, l := range lines {
		out[i] = LineFate{ImportLine: l, Fate: FateAdd}
		o := &out[i]
		if l.OwnerID == 0 {
			o.Fate = FateWrong
			continue
		}
		if at, twice := first[l.OwnerID]; twice {
			o.Fate, o.First = FateRepeated, at
			continue
		}
		first[l.OwnerID] = l.Number
		account, there := known[l.OwnerID]
		switch {
		case there && !sameReseller(account.ResellerID, reseller):
			o.Fate = FateTaken
		case there && l.Name != "" && l.Name != account.Name:
			o.Fate, o.Known = FateKept, account.Name
		case there:
			o.Fate = FateUnchanged
		case l.Wrong != "":
			o.Fate = FateWrong
		}
	}
	return out
}

func sameReseller(a, b *int64) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// FatesSeen is a hash over what becomes of each line: what somebody confirms is
// what they were shown.
func FatesSeen(fates []LineFate) string {
	b, err := json.Marshal(fates)
	if err != nil {
		b = []byte(err.Error()) // can't be: these are plain values
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// CountFates counts the lines by what becomes of them.
func CountFates(fates []LineFate) map[Fate]int {
	n := map[Fate]int{}
	for _, f := range fates {
		n[f.Fate]++
	}
	return n
}

// ImportLife is how long a list waits to be confirmed, and its result to be read.
const ImportLife = time.Hour

// AccountImport is a list of accounts that somebody has uploaded: shown line by
// line before any of it is saved.
type AccountImport struct {
	ID         string
	UserID     int64        // who uploaded it, and may confirm it
	ResellerID *int64       // whose the accounts will be; nil for direct ones
	Lines      []ImportLine `gorm:"serializer:json"`
	CreatedAt  time.Time    // UTC
	ExpiresAt  time.Time    // UTC
	DoneAt     *time.Time   // UTC; when it was confirmed
	Result     string       // JSON of what became of each line; empty until then
}
