//go:build (amd64 || arm64) && !purego

package asm

// readWith gives a loop that reads a whole number of steps, the two halves side
// by side, the rest.
func readWith(f func(x *float32, lines int) uint32) func(x []float32) uint32 {
	const line, step = 16, 4 // elements of a line, lines of each half in a turn
	return func(x []float32) uint32 {
		lines := len(x) / (2 * step * line) * step
		return f(first(x), lines) ^ readGeneric(x[2*lines*line:])
	}
}
