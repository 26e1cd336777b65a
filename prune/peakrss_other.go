//go:build !unix

package prune

import "runtime"

// PeakRSS returns what the Go runtime has taken from the system, in bytes: the nearest thing where
// there is no getrusage.
func PeakRSS() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
