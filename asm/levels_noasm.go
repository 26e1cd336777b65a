//go:build (!amd64 && !arm64) || purego

package asm

// compiledLevels lists the levels in assembly that this build contains, slowest
// first: none, every kernel runs as Go code.
var compiledLevels []*kernels
