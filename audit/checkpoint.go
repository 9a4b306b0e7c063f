package audit

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Events is the log whose tree is the checkpoint's own. Others stand in lines
// behind it.
const Events = "events"

// Head is a log as a checkpoint covers it: its first Size rows, in the order of
// their ids, up to the row Last.
type Head struct {
	Size int64
	Root tlog.Hash
	Last int64
}

// Checkpoint is what is signed. A log that it does not name was empty.
type Checkpoint struct {
	Origin string
	Number int64           // its id: 1 for the first
	At     time.Time       // UTC, to the second
	Heads  map[string]Head // by the log's name
	Before string          // Sum of the signed checkpoint before it, empty for the first
}

// text is the checkpoint as it is signed: origin, size and root as C2SP's
// tlog-checkpoint has them, then a line for everything else.
func (c Checkpoint) text() string {
	main := c.Heads[Events]
	lines := []string{c.Origin, strconv.FormatInt(main.Size, 10), main.Root.String(), fmt.Sprintf("through %d", main.Last)}
	for _, name := range slices.Sorted(maps.Keys(c.Heads)) {
		if h := c.Heads[name]; name != Events {
			lines = append(lines, fmt.Sprintf("log %s %d %s %d", name, h.Size, h.Root, h.Last))
		}
	}
	lines = append(lines, fmt.Sprintf("number %d", c.Number), "at "+c.At.UTC().Format(time.RFC3339))
	if c.Before != "" {
		lines = append(lines, "before "+c.Before)
	}
	return strings.Join(lines, "\n") + "\n"
}

// Sum is what the next checkpoint calls a signed one by.
func Sum(signed string) string {
	sum := sha256.Sum256([]byte(signed))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Read reads a signed checkpoint without asking who signed it. Whoever trusts
// what it says uses Keys.Open.
func Read(signed string) (Checkpoint, error) {
	text, _, found := strings.Cut(signed, "\n\n")
	if !found {
		return Checkpoint{}, errNotCheckpoint
	}
	return parse(text + "\n")
}

var errNotCheckpoint = errors.New("it is no checkpoint of this portal")

func parse(text string) (Checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 4 {
		return Checkpoint{}, errNotCheckpoint
	}
	c := Checkpoint{Origin: lines[0], Heads: map[string]Head{}}
	var through string
	head := func(name, size, root, last string) {
		h := Head{Size: number(size), Last: number(last)}
		h.Root, _ = tlog.ParseHash(root)
		c.Heads[name] = h
	}
	for _, line := range lines[3:] {
		switch f := strings.Fields(line); {
		case len(f) == 2 && f[0] == "through":
			through = f[1]
		case len(f) == 5 && f[0] == "log":
			head(f[1], f[2], f[3], f[4])
		case len(f) == 2 && f[0] == "number":
			c.Number = number(f[1])
		case len(f) == 2 && f[0] == "at":
			c.At, _ = time.Parse(time.RFC3339, f[1])
		case len(f) == 2 && f[0] == "before":
			c.Before = f[1]
		}
	}
	head(Events, lines[1], lines[2], through)
	// Whatever could not be read is now written otherwise.
	if c.text() != text {
		return Checkpoint{}, errNotCheckpoint
	}
	return c, nil
}

// number reads a number, 0 for what is none.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Same says whether two checkpoints say the same, whoever signed them.
func (c Checkpoint) Same(other Checkpoint) bool { return c.text() == other.text() }
