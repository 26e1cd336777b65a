//go:build !unix

package bench

// cpuSeconds returns 0: there is no getrusage here.
func cpuSeconds() float64 { return 0 }
