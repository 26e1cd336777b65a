//go:build unix

package prune

import (
	"os"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
)

var highWater = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// PeakRSS returns the largest resident memory of this process so far, in bytes, or 0 if the system
// does not say. Linux's getrusage also counts what the parent had before it started us, so its own
// high-water mark comes first.
func PeakRSS() int64 {
	if b, err := os.ReadFile("/proc/self/status"); err == nil {
		if m := highWater.FindSubmatch(b); m != nil {
			if kb, err := strconv.ParseInt(string(m[1]), 10, 64); err == nil {
				return kb << 10
			}
		}
	}
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(u.Maxrss) // bytes there, kilobytes elsewhere
	}
	return int64(u.Maxrss) << 10
}
