package failpoint_test

import (
	"testing"

	"portal/failpoint"
)

func TestEachPointHasANameOfItsOwn(t *testing.T) {
	seen := map[failpoint.Point]bool{}
	for _, p := range failpoint.Points() {
		if p.String() == "" || seen[p] {
			t.Errorf("%q is there twice", p)
		}
		seen[p] = true
	}
}
