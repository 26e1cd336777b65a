//go:build unix

package inputfile

import "syscall"

// withoutWaiting makes opening a pipe return at once. Reading of regular files does not change.
const withoutWaiting = syscall.O_NONBLOCK
