package tensor

import "github.com/adagp/adagp/internal/parallel"

// SetThreads limits the arithmetic of this project, whatever package it is in, to n threads; n < 1 means
// all cores. It applies to what starts afterwards. Results do not depend on it.
func SetThreads(n int) { parallel.SetThreads(n) }

// Threads returns how many threads arithmetic uses at most.
func Threads() int { return parallel.Threads() }
