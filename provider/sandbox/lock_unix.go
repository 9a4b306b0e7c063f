//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package sandbox

import (
	"os"
	"syscall"
)

// lockFile takes the file for this process alone. The kernel gives the lock back
// when the process ends, however it ends, so no crash leaves a lock behind.
func lockFile(f *os.File) (unlock func() error, err error) {
	fd := int(f.Fd()) // #nosec G115 -- file descriptors are small
	if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, err
	}
	return func() error { return syscall.Flock(fd, syscall.LOCK_UN) }, nil
}
