//go:build !unix

package app

import "runtime"

// peakRSS returns what the Go runtime has taken from the system, in bytes: the nearest thing where
// there is no getrusage.
func peakRSS() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
