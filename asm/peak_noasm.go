//go:build !amd64 || purego

package asm

func peakLoopsOf(Level) *peakLoops { return &peakGeneric }
