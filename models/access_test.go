package models

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestThePageOfAccessIsTheTable: docs/access.md is read by whoever gives people
// their roles.
func TestThePageOfAccessIsTheTable(t *testing.T) {
	page, err := os.ReadFile("../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []Action
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 8 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		action := Action(strings.Trim(cells[1], " `"))
		found = append(found, action)
		for i, role := range Roles() {
			says, is := Whose(strings.TrimSpace(cells[3+i])), role.Whose(action)
			if says == "–" {
				says = WhoseNone
			}
			if says != is {
				t.Errorf("the page says that a %s may %s for %q, and it is %q", role, action, says, is)
			}
		}
	}
	if !slices.Equal(found, Actions()) {
		t.Errorf("the page has %q, and there are %q", found, Actions())
	}
	if len(access) != len(Actions()) {
		t.Errorf("%d actions are in the table, and %d in the list", len(access), len(Actions()))
	}
}

// TestNobodyInParticularMayDoNothing: neither an unknown role nor an unknown action.
func TestNobodyInParticularMayDoNothing(t *testing.T) {
	for _, a := range Actions() {
		if (Viewer{}).May(a) || Role("owner").Whose(a) != WhoseNone {
			t.Errorf("somebody without a role may %s", a)
		}
	}
	for _, r := range Roles() {
		if r.Whose("anything") != WhoseNone {
			t.Errorf("a %s may do anything", r)
		}
	}
}
