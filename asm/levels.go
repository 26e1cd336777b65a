package asm

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/cpu"
)

// Level is a family of CPU instructions that kernels are written for.
type Level int

// The levels. Their numbers carry no order; [Levels] gives one.
const (
	Generic       Level = iota // Go code, runs everywhere
	AVX2                       // amd64 with AVX2, FMA, F16C and BMI1
	AVX512                     // amd64 with AVX-512 F, BW, DQ and VL; uses VBMI2 too where the machine has it
	NEON                       // arm64
	AVX512NoVBMI2              // AVX512 as machines without VBMI2 run it, on any machine of that level
)

var levelNames = [...]string{Generic: "generic", AVX2: "avx2", AVX512: "avx512", NEON: "neon", AVX512NoVBMI2: "avx512-novbmi2"}

// String returns the name used on command lines, for example "avx512".
func (l Level) String() string {
	if l < 0 || int(l) >= len(levelNames) {
		return fmt.Sprintf("Level(%d)", int(l))
	}
	return levelNames[l]
}

// cpuHas reports whether this machine can execute the instructions of l. This
// file is the only place that asks for CPU features.
func cpuHas(l Level) bool {
	switch l {
	case Generic:
		return true
	case AVX2:
		return cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasF16C && cpu.X86.HasBMI1
	case AVX512, AVX512NoVBMI2:
		return cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ &&
			cpu.X86.HasAVX512VL && cpuHas(AVX2) && cpu.X86.HasBMI2
	case NEON:
		return cpu.ARM64.HasASIMD
	}
	return false
}

// hasExpandWords reports whether a machine with AVX512 can spread 16-bit words too (AVX-512 VBMI2).
func hasExpandWords() bool { return cpu.X86.HasAVX512VBMI2 }

// kernels is one level's implementation of everything in this package, by subject. The exported functions check
// lengths; kernels rely on them.
type kernels struct {
	level Level

	gemm32     gemmKernels[float32]
	gemm64     gemmKernels[float64]
	vector     vectorKernels
	activation activationKernels
	row        rowKernels
	convert    convertKernels
	stored     storedKernels
	attend     attendKernels
	peak       peakKernels
}

// generic is the level in Go.
var generic = kernels{
	level:      Generic,
	gemm32:     gemmGeneric[float32](),
	gemm64:     gemmGeneric[float64](),
	vector:     vectorGeneric,
	activation: activationGeneric,
	row:        rowGeneric,
	convert:    convertGeneric,
	stored:     storedGeneric,
	attend:     attendByGemm,
	peak:       peakGeneric,
}

// usable holds the kernel tables of the levels that are compiled in and that
// the machine can execute, slowest first.
var usable = func() []*kernels {
	tables := []*kernels{&generic}
	for _, t := range compiledLevels {
		if cpuHas(t.level) {
			tables = append(tables, t)
		}
	}
	return tables
}()

// current is the table that the exported functions call through.
var current atomic.Pointer[kernels]

func init() { current.Store(usable[len(usable)-1]) }

// Levels lists the levels that are compiled in and that this machine can run,
// slowest first. It always starts with [Generic].
func Levels() []Level {
	levels := make([]Level, len(usable))
	for i, t := range usable {
		levels[i] = t.level
	}
	return levels
}

// Current returns the level in use.
func Current() Level { return current.Load().level }

// SetLevel switches all kernels to level l. It returns an error if l is not one
// of [Levels]. Computations that are running in other goroutines may finish
// with a mixture of levels.
func SetLevel(l Level) error {
	for _, t := range usable {
		if t.level == l {
			current.Store(t)
			return nil
		}
	}
	return fmt.Errorf("kernel level %v is not available here, only %v", l, Levels())
}

// ParseLevel returns the level with the given name, whether it is available
// here or not. "auto" stands for the fastest of [Levels].
func ParseLevel(name string) (Level, error) {
	if name == "auto" {
		return usable[len(usable)-1].level, nil
	}
	for l, s := range levelNames {
		if s == name {
			return Level(l), nil
		}
	}
	return Generic, fmt.Errorf("unknown kernel level %q, want auto or one of %v", name, levelNames)
}
