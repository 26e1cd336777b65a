package asm

import "fmt"

// Format is how a stored weight is encoded, always little endian.
type Format uint8

// The formats.
const (
	Float32  Format = iota
	Float16         // IEEE 754 binary16
	BFloat16        // the upper half of a float32
	formats         // how many there are
)

// Size returns the bytes of a weight.
func (f Format) Size() int {
	if f == Float32 {
		return 4
	}
	return 2
}

// convertKernels are the conversions between float32 and what is stored, by format.
type convertKernels struct {
	widen  [formats]func(dst []float32, src []byte)
	narrow [formats]func(dst []byte, src []float32)
}

// Widen converts stored numbers to float32, exactly: subnormals, infinities and the payload of NaNs are kept,
// signalling NaNs of Float16 become quiet. dst decides how many; src may begin anywhere in memory.
func Widen(f Format, dst []float32, src []byte) {
	checkConversion("src", f, len(src), len(dst))
	current.Load().convert.widen[f](dst, src[:len(dst)*f.Size()])
}

// Narrow converts float32 to what is stored, rounding to nearest, ties to even. In Float16, values from 65520 on
// become infinite. NaN stays NaN. src decides how many; dst may begin anywhere in memory.
func Narrow(f Format, dst []byte, src []float32) {
	checkConversion("dst", f, len(dst), len(src))
	current.Load().convert.narrow[f](dst[:len(src)*f.Size()], src)
}

func checkConversion(what string, f Format, bytes, n int) {
	if f >= formats || bytes < n*f.Size() {
		panic(fmt.Sprintf("asm: conversion of %d numbers of format %d: %s has %d bytes, want %d each", n, f, what, bytes, f.Size()))
	}
}
