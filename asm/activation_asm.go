//go:build (amd64 || arm64) && !purego

package asm

func swigluGradWith(f func(dGate, dUp, dy, gate, up *float32, n int)) func(dGate, dUp, dy, gate, up []float32) {
	return func(dGate, dUp, dy, gate, up []float32) {
		f(first(dGate), first(dUp), first(dy), first(gate), first(up), len(dy))
	}
}
