package blob

import (
	"os"

	"golang.org/x/sys/unix"
)

// release hands the pages wholly inside mapped[off:off+n] back to the system. The bytes stay in the
// page cache, but a run that streams through a large checkpoint does not appear to hold all of it
// in memory. It is advice: a failure costs nothing but memory.
func release(mapped []byte, off, n int64) {
	page := int64(os.Getpagesize())
	lo := (off + page - 1) / page * page
	hi := (off + n) / page * page
	if hi > lo {
		_ = unix.Madvise(mapped[lo:hi], unix.MADV_DONTNEED)
	}
}
