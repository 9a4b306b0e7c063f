package audit_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"portal/audit"
)

// TestTheTreeIsTheStandards: at every size the root is that of x/mod's tlog,
// which keeps every node, also when the tree was kept as JSON in between.
func TestTheTreeIsTheStandards(t *testing.T) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range at {
			out = append(out, stored[i])
		}
		return out, nil
	})
	var tree audit.Tree
	for n := range int64(300) {
		row := fmt.Appendf(nil, "row %d", n)
		hashes, err := tlog.StoredHashes(n, row, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		tree.Add(row)
		want, err := tlog.TreeHash(n+1, reader)
		if err != nil {
			t.Fatal(err)
		}
		if tree.Root() != want || tree.Size != n+1 || !tree.Whole() {
			t.Fatalf("with %d rows: %+v", n+1, tree)
		}
		if n%7 == 0 {
			kept, err := json.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			tree = audit.Tree{}
			if err := json.Unmarshal(kept, &tree); err != nil {
				t.Fatal(err)
			}
		}
	}
	short := audit.Tree{Size: tree.Size, Nodes: tree.Nodes[1:]}
	if short.Whole() || (audit.Tree{Size: -1}).Whole() {
		t.Error("a tree without a node is whole")
	}
	// RFC 6962: the root of nothing is the hash of nothing.
	if got := (audit.Tree{}).Root().String(); got != "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" {
		t.Error("the empty tree's root is", got)
	}
}

func keys(t *testing.T, name string) (audit.Keys, string) {
	t.Helper()
	private, err := audit.NewKey(name)
	if err != nil {
		t.Fatal(err)
	}
	k, err := audit.ParseKeys(private)
	if err != nil {
		t.Fatal(err)
	}
	return k, private
}

func checkpoint() audit.Checkpoint {
	var tree audit.Tree
	tree.Add([]byte("row"))
	return audit.Checkpoint{
		Number: 7, At: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), Before: audit.Sum("x"),
		Heads: map[string]audit.Head{audit.Events: {1, tree.Root(), 5}, "outside_events": {1, tree.Root(), 9}},
	}
}

func TestACheckpointIsReadAsItWasSigned(t *testing.T) {
	k, _ := keys(t, "")
	signed, err := k.Sign(checkpoint())
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.Open(signed)
	want := checkpoint()
	want.Origin = k.Name()
	if err != nil || !got.Same(want) || got.Heads[audit.Events].Last != 5 || got.Number != 7 || !got.At.Equal(want.At) || got.Before != want.Before {
		t.Errorf("%+v %v", got, err)
	}
	if read, err := audit.Read(signed); err != nil || !read.Same(want) {
		t.Errorf("%+v %v", read, err)
	}
	t.Run("and other tools read it too", func(t *testing.T) {
		v, err := note.NewVerifier(k.Public()[0])
		if err != nil {
			t.Fatal(err)
		}
		n, err := note.Open([]byte(signed), note.VerifierList(v))
		if err != nil {
			t.Fatal(err)
		}
		// C2SP tlog-checkpoint: origin, size, root, then what is the log's own.
		if lines := strings.Split(n.Text, "\n"); lines[0] != v.Name() || lines[1] != "1" || lines[2] != want.Heads[audit.Events].Root.String() {
			t.Errorf("%q", lines)
		}
	})
	t.Run("and not when a byte of it is another", func(t *testing.T) {
		for i := range len(signed) - len("w=\n") { // of the last letter of base64 not every bit counts
			changed := []byte(signed)
			changed[i] ^= 1
			if _, err := k.Open(string(changed)); err == nil {
				t.Errorf("byte %d (%q) does not count", i, signed[i])
			}
		}
	})
	t.Run("nor when another key signed it", func(t *testing.T) {
		for _, name := range []string{"", k.Name()} {
			other, _ := keys(t, name)
			forged, err := other.Sign(checkpoint())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.Open(forged); err == nil {
				t.Error("it counts")
			}
		}
	})
}

// TestWhatIsNoCheckpointIsRefused: signed or not.
func TestWhatIsNoCheckpointIsRefused(t *testing.T) {
	k, private := keys(t, "")
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	const root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	name := k.Name()
	for _, text := range []string{
		"a\n", name + "\n1\n" + root + "\n", name + "\n01\n" + root + "\nthrough 1\nnumber 1\nat 2026-11-23T10:00:00Z\n",
		name + "\n1\nroot\nthrough 1\nnumber 1\nat 2026-11-23T10:00:00Z\n",
		name + "\n1\n" + root + "\nthrough 1\nnumber 1\nat yesterday\n",
		name + "\n1\n" + root + "\nthrough 1\nnumber 1\nat 2026-11-23T10:00:00Z\nmore\n",
		"other\n1\n" + root + "\nthrough 1\nnumber 1\nat 2026-11-23T10:00:00Z\n",
	} {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := k.Open(string(signed)); err == nil {
			t.Errorf("%q is %+v", text, c)
		}
	}
	for _, text := range []string{"", "\n\n", "a\n\nb", strings.Repeat("\n", 50)} {
		if _, err := audit.Read(text); err == nil {
			t.Errorf("%q", text)
		}
		if _, err := k.Open(text); err == nil {
			t.Errorf("%q", text)
		}
	}
}

func TestAKeyFile(t *testing.T) {
	k, private := keys(t, "")
	other, otherPrivate := keys(t, k.Name())
	_, stranger := keys(t, "")
	for name, tc := range map[string]struct{ text, want string }{
		"nothing":               {"# only words\n\n", "no key in it"},
		"two private keys":      {private + "\n" + otherPrivate, "line 2: a second private key"},
		"a cut private key":     {private[:len(private)-5], "line 1: this private key can't be read"},
		"no key":                {"hello", "line 1: this key can't be read"},
		"another portal's keys": {private + "\n" + strings.TrimPrefix(stranger, "PRIVATE+KEY+"), "line 2"},
	} {
		_, err := audit.ParseKeys(tc.text)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), private[len(private)-30:len(private)-5]) {
			t.Errorf("%s: the error tells the key: %v", name, err)
		}
	}
	both, err := audit.ParseKeys("# words\n" + private + "\n\n" + other.Public()[0] + "\n")
	if err != nil || !both.Signs() || len(both.Public()) != 2 || both.Public()[0] != k.Public()[0] {
		t.Fatalf("%+v %v", both.Public(), err)
	}
	signed, err := other.Sign(checkpoint())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := both.Open(signed); err != nil {
		t.Error("the older key's checkpoint:", err)
	}
}
