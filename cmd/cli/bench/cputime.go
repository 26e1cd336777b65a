package bench

import "time"

// ProcessorTime returns the processor time that this process has had so far, over all threads; 0 where
// the system does not tell.
func ProcessorTime() time.Duration { return cpuTime() }
