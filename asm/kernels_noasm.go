//go:build !amd64 || purego

package asm

// compiledLevels lists the levels in assembly that this build contains, slowest
// first: none yet, every kernel runs as Go code.
var compiledLevels []*kernels
