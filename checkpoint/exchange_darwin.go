package checkpoint

import "golang.org/x/sys/unix"

// exchange swaps the names of two folders in one step, on file systems that can (APFS does).
func exchange(a, b string) error { return unix.RenamexNp(a, b, unix.RENAME_SWAP) }
