package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Keys are what checkpoints are signed and checked with: at most one private
// key, and the public keys of those that have signed before. All have one name,
// the portal's, which is the origin of its checkpoints.
type Keys struct {
	signer note.Signer // nil when there are public keys only
	known  note.Verifiers
	public []string
}

// ErrNoPrivateKey is signing with public keys only.
var ErrNoPrivateKey = errors.New("there is no private key to sign with, only public ones")

// NewKey makes a private key. An empty name makes a new one up.
func NewKey(name string) (string, error) {
	if name == "" {
		name = "portal-audit-" + strings.ToLower(rand.Text()[:12])
	}
	private, _, err := note.GenerateKey(rand.Reader, name)
	return private, err
}

// ParseKeys reads a key file: a key a line, in the form of signed notes; empty
// lines and those that begin with # say nothing. An error never quotes a key.
func ParseKeys(text string) (Keys, error) {
	var k Keys
	var known []note.Verifier
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		public := line
		if strings.HasPrefix(line, "PRIVATE+KEY+") {
			if k.signer != nil {
				return k, fmt.Errorf("line %d: a second private key; only one signs, of others keep the public key", n+1)
			}
			var err error
			if k.signer, err = note.NewSigner(line); err != nil {
				return k, fmt.Errorf("line %d: this private key can't be read", n+1)
			}
			if public, err = publicOf(line); err != nil {
				return k, fmt.Errorf("line %d: %w", n+1, err)
			}
		}
		v, err := note.NewVerifier(public)
		if err != nil {
			return k, fmt.Errorf("line %d: this key can't be read", n+1)
		}
		if len(known) > 0 && known[0].Name() != v.Name() {
			return k, fmt.Errorf("line %d: the key of another portal (%s, not %s)", n+1, v.Name(), known[0].Name())
		}
		known, k.public = append(known, v), append(k.public, public)
	}
	if len(known) == 0 {
		return k, errors.New("there is no key in it")
	}
	k.known = note.VerifierList(known...)
	return k, nil
}

// publicOf is the public key of a private one that has been read before.
func publicOf(private string) (string, error) {
	parts := strings.SplitN(private, "+", 5) // PRIVATE, KEY, name, hash, key
	key, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(key) != 1+ed25519.SeedSize {
		return "", errors.New("this private key can't be read")
	}
	seed := ed25519.NewKeyFromSeed(key[1:]) // the first byte names the algorithm
	return note.NewEd25519VerifierKey(parts[2], seed.Public().(ed25519.PublicKey))
}

// Name is the portal's name in its checkpoints.
func (k Keys) Name() string { name, _, _ := strings.Cut(k.public[0], "+"); return name }

// Public are the public keys: whoever has them can check, and not sign.
func (k Keys) Public() []string { return k.public }

// Signs says whether there is a private key.
func (k Keys) Signs() bool { return k.signer != nil }

// Sign signs a checkpoint, as this portal's.
func (k Keys) Sign(c Checkpoint) (string, error) {
	if k.signer == nil {
		return "", ErrNoPrivateKey
	}
	c.Origin = k.signer.Name()
	signed, err := note.Sign(&note.Note{Text: c.text()}, k.signer)
	return string(signed), err
}

// Open reads a checkpoint that one of the keys has signed.
func (k Keys) Open(signed string) (Checkpoint, error) {
	n, err := note.Open([]byte(signed), k.known)
	var unknown *note.UnverifiedNoteError
	switch {
	case errors.As(err, &unknown):
		return Checkpoint{}, fmt.Errorf("it is signed by %s, which is none of the known keys", unknown.Note.UnverifiedSigs[0].Name)
	case err != nil:
		return Checkpoint{}, errors.New("its signature does not fit")
	}
	c, err := parse(n.Text)
	if err == nil && c.Origin != n.Sigs[0].Name {
		err = errNotCheckpoint
	}
	return c, err
}
