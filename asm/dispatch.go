package asm

import "fmt"

// Level is a family of CPU instructions that kernels are written for.
type Level int

// The levels, from the one that runs everywhere upwards.
const (
	Generic Level = iota
	AVX2
	AVX512
	NEON
)

var levelNames = [...]string{Generic: "generic", AVX2: "avx2", AVX512: "avx512", NEON: "neon"}

// String returns the name used on command lines, for example "avx512".
func (l Level) String() string {
	if l < 0 || int(l) >= len(levelNames) {
		return fmt.Sprintf("Level(%d)", int(l))
	}
	return levelNames[l]
}

// Levels lists the usable levels.
func Levels() []Level { return []Level{Generic} }

// Current returns the level in use.
func Current() Level { return Generic }

// SetLevel switches to level l.
func SetLevel(l Level) error {
	if l != Generic {
		return fmt.Errorf("kernel level %v is not available here", l)
	}
	return nil
}

// ParseLevel returns the level with the given name; "auto" is the best one.
func ParseLevel(name string) (Level, error) {
	if name == "auto" {
		return Generic, nil
	}
	for l, n := range levelNames {
		if n == name {
			return Level(l), nil
		}
	}
	return Generic, fmt.Errorf("unknown kernel level %q", name)
}
