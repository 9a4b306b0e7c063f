package sandbox

import "time"

const (
	// timestampWindow is how far a Timestamp may be off, either way.
	timestampWindow = 15 * time.Minute
	// nonceMemory outlives the whole window: a Timestamp 15 minutes ahead of
	// the gateway stays acceptable for 30 minutes after its first use.
	nonceMemory = 2*timestampWindow + time.Minute
)

// nonceUse is one SignatureNonce of one key, used once and for all.
type nonceUse struct {
	KeyID string    `json:"key"`
	Nonce string    `json:"nonce"`
	At    time.Time `json:"at"` // by the gateway's clock
}

type nonceKey struct{ keyID, nonce string }

// nonces remembers every nonce for nonceMemory.
type nonces struct {
	used  map[nonceKey]bool
	queue []nonceUse // oldest first, so that forgetting costs nothing
}

// has forgets what is too old and then says whether the nonce was used.
func (n *nonces) has(keyID, nonce string, now time.Time) bool {
	for len(n.queue) > 0 && now.Sub(n.queue[0].At) > nonceMemory {
		delete(n.used, nonceKey{n.queue[0].KeyID, n.queue[0].Nonce})
		n.queue = n.queue[1:]
	}
	return n.used[nonceKey{keyID, nonce}]
}

func (n *nonces) add(use nonceUse) {
	n.used[nonceKey{use.KeyID, use.Nonce}] = true
	n.queue = append(n.queue, use)
}
