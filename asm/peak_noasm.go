//go:build (!amd64 && !arm64) || purego

package asm

func peakLoopsOf(Level) *peakLoops { return &peakGeneric }
