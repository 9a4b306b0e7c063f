package pricing

import (
	"fmt"
	"strings"
)

// BookError is a price book that can't be used: everything that is wrong with
// it, each with its key or line and what to do about it.
type BookError struct {
	Problems []string
}

func (e *BookError) Error() string {
	if len(e.Problems) == 1 {
		return "price book: " + e.Problems[0]
	}
	return fmt.Sprintf("price book: %d problems:\n- %s", len(e.Problems), strings.Join(e.Problems, "\n- "))
}

// problems collects what is wrong, so that one start tells all of it.
type problems []string

// add notes what is wrong with a key and what to do.
func (p *problems) add(key, format string, args ...any) {
	*p = append(*p, key+": "+fmt.Sprintf(format, args...))
}

// err is nil when nothing was noted.
func (p *problems) err() error {
	if len(*p) == 0 {
		return nil
	}
	return &BookError{Problems: *p}
}
