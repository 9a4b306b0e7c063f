// Package passwords hashes passwords with argon2id, a bounded number at once.
package passwords

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// The cost of one hash: OWASP's recommendation of 19 MiB, 2 passes, 1 lane.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	saltBytes = 16
	keyBytes  = 32
)

// The shortest and longest password that is taken, in characters and bytes.
// There is no rule about which characters: length is what helps.
const (
	MinCharacters = 12
	MaxBytes      = 1024
)

// ErrUnsuitable is a password that is too short or too long.
var ErrUnsuitable = fmt.Errorf("a password has at least %d characters and at most %d bytes", MinCharacters, MaxBytes)

// slots bounds how many hashes are computed at once: each takes 19 MiB and a
// core for tens of milliseconds, and anybody may ask for one by signing in.
var slots = make(chan struct{}, runtime.NumCPU())

func key(ctx context.Context, password string, salt []byte, memory, time uint32, threads uint8, length uint32) ([]byte, error) {
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, time, memory, threads, length), nil
}

// Hash makes the PHC string of a password: ErrUnsuitable when it is too short
// or too long, or the context's error when that ends while waiting for a slot.
func Hash(ctx context.Context, password string) (string, error) {
	if utf8.RuneCountInString(password) < MinCharacters || len(password) > MaxBytes {
		return "", ErrUnsuitable
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails: it ends the program instead
	sum, err := key(ctx, password, salt, memoryKiB, passes, lanes, keyBytes)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes,
		b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// nobody is what a password is compared with when there is no such user, so
// that the time taken does not tell which addresses exist. No password has it.
var nobody = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes,
	base64.RawStdEncoding.EncodeToString(make([]byte, saltBytes)), base64.RawStdEncoding.EncodeToString(make([]byte, keyBytes)))

// Matches says whether the password is the one that was hashed. An empty hash
// stands for a user who does not exist: it takes as long and never matches.
func Matches(ctx context.Context, hash, password string) (bool, error) {
	if len(password) > MaxBytes {
		password = "" // never set, and not worth hashing
	}
	unknown := hash == ""
	if unknown {
		hash = nobody
	}
	salt, want, memory, time, threads, err := parse(hash)
	if err != nil {
		return false, err
	}
	got, err := key(ctx, password, salt, memory, time, threads, uint32(len(want))) // #nosec G115 -- parse bounds it
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && !unknown, nil
}

func parse(hash string) (salt, sum []byte, memory, time uint32, threads uint8, err error) {
	bad := errors.New("not an argon2id hash of this program")
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, nil, 0, 0, 0, bad
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil || memory > 1<<20 || time > 16 {
		return nil, nil, 0, 0, 0, bad
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return nil, nil, 0, 0, 0, bad
	}
	if sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(sum) != keyBytes {
		return nil, nil, 0, 0, 0, bad
	}
	return salt, sum, memory, time, threads, nil
}
