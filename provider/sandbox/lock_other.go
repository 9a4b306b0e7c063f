//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package sandbox

import (
	"errors"
	"fmt"
	"os"
)

// lockFile takes the file by making another one beside it. A crash leaves that
// one behind; the error then says which file to delete.
func lockFile(f *os.File) (unlock func() error, err error) {
	name := f.Name() + ".lock"
	lock, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("if no sandbox runs, delete %s: %w", name, err)
	}
	return func() error { return errors.Join(lock.Close(), os.Remove(name)) }, nil
}
