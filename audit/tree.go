// Package audit holds what makes a record provable: trees over the hashes of
// all its rows, checkpoints of them, and the key that signs those. Trees are
// those of certificate transparency (RFC 6962) and checkpoints C2SP's
// tlog-checkpoint, so that other people's tools can read an anchor.
package audit

import (
	"crypto/sha256"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is an RFC 6962 tree over a log's rows, as far as it takes to go on: the
// roots of its whole subtrees, the largest first. Its JSON may be kept.
type Tree struct {
	Size  int64       `json:"size"`
	Nodes []tlog.Hash `json:"nodes"`
}

// Add puts a row's hash at the end.
func (t *Tree) Add(row []byte) {
	node := tlog.RecordHash(row)
	for n := t.Size; n&1 == 1; n >>= 1 {
		last := len(t.Nodes) - 1
		node = tlog.NodeHash(t.Nodes[last], node)
		t.Nodes = t.Nodes[:last]
	}
	t.Nodes = append(t.Nodes, node)
	t.Size++
}

// Root is the tree's root.
func (t Tree) Root() tlog.Hash {
	last := len(t.Nodes) - 1
	if last < 0 {
		return sha256.Sum256(nil)
	}
	root := t.Nodes[last]
	for i := last - 1; i >= 0; i-- {
		root = tlog.NodeHash(t.Nodes[i], root)
	}
	return root
}

// Whole says whether a tree that was kept has as many nodes as its size takes.
func (t Tree) Whole() bool {
	return t.Size >= 0 && len(t.Nodes) == bits.OnesCount64(uint64(t.Size)) // #nosec G115 -- not negative
}
