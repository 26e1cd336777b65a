package asm

import (
	"reflect"
	"strings"
	"testing"
)

func TestLevels(t *testing.T) {
	levels := Levels()
	if len(levels) == 0 || levels[0] != Generic {
		t.Fatalf("Levels() = %v, want generic first", levels)
	}
	seen := map[Level]bool{}
	for _, l := range levels {
		if seen[l] {
			t.Errorf("Levels() = %v lists %v twice", levels, l)
		}
		seen[l] = true
		withLevel(t, l)
		if Current() != l {
			t.Errorf("after SetLevel(%v) Current() = %v", l, Current())
		}
	}
	for _, l := range []Level{Generic, AVX2, AVX512, NEON, -1, 99} {
		before := Current()
		if err := SetLevel(l); (err == nil) != seen[l] {
			t.Errorf("SetLevel(%v) = %v with Levels() = %v", l, err, levels)
		} else if err != nil && Current() != before {
			t.Errorf("SetLevel(%v) failed but changed the level", l)
		}
	}
}

func TestParseLevel(t *testing.T) {
	levels := Levels()
	for _, tc := range []struct {
		name string
		want Level
	}{
		{"generic", Generic}, {"avx2", AVX2}, {"avx512", AVX512}, {"neon", NEON}, {"auto", levels[len(levels)-1]},
	} {
		if got, err := ParseLevel(tc.name); err != nil || got != tc.want {
			t.Errorf("ParseLevel(%q) = %v, %v, want %v", tc.name, got, err, tc.want)
		}
		if tc.name != "auto" && tc.want.String() != tc.name {
			t.Errorf("%d.String() = %q, want %q", int(tc.want), tc.want.String(), tc.name)
		}
	}
	if _, err := ParseLevel("sse9"); err == nil || !strings.Contains(err.Error(), `"sse9"`) {
		t.Errorf("ParseLevel of an unknown name: %v", err)
	}
	if got := Level(99).String(); got != "Level(99)" {
		t.Errorf("Level(99).String() = %q", got)
	}
}

// Every level has every kernel, but for those of panels, which may do without.
func TestKernelTablesComplete(t *testing.T) {
	for _, table := range usable {
		for _, v := range []reflect.Value{reflect.ValueOf(*table), reflect.ValueOf(table.gemm32), reflect.ValueOf(table.gemm64)} {
			for i := range v.NumField() {
				if name := v.Type().Field(i).Name; name != "level" && name != "panels" && v.Field(i).Kind() != reflect.Bool && v.Field(i).IsZero() {
					t.Errorf("level %v: %s is missing", table.level, name)
				}
			}
		}
		if g := table.gemm32; g.mc%g.mr != 0 || g.nc%g.nr != 0 {
			t.Errorf("level %v: blocks %d×%d are no multiples of the tile %d×%d", table.level, g.mc, g.nc, g.mr, g.nr)
		}
		if g := table.gemm64; g.mc%g.mr != 0 || g.nc%g.nr != 0 {
			t.Errorf("level %v, float64: blocks %d×%d are no multiples of the tile %d×%d", table.level, g.mc, g.nc, g.mr, g.nr)
		}
	}
}

// TestLevelsLeaveNothingInGo: a level in assembly has a body of its own for every kernel.
func TestLevelsLeaveNothingInGo(t *testing.T) {
	portable := map[uintptr]string{}
	each := func(table *kernels, visit func(name string, f reflect.Value)) {
		for part, v := range map[string]reflect.Value{"": reflect.ValueOf(*table), "gemm32.": reflect.ValueOf(table.gemm32), "gemm64.": reflect.ValueOf(table.gemm64)} {
			for i := range v.NumField() {
				if f := v.Field(i); f.Kind() == reflect.Func {
					visit(part+v.Type().Field(i).Name, f)
				}
			}
		}
	}
	each(&generic, func(name string, f reflect.Value) { portable[f.Pointer()] = name })
	for _, table := range compiledLevels {
		each(table, func(name string, f reflect.Value) {
			if name == "gemm32.transpose" || name == "gemm64.transpose" {
				return // moves data; only where it is measured to be slow it has a body of its own
			}
			if _, ok := portable[f.Pointer()]; ok {
				t.Errorf("level %v: %s is the body in Go", table.level, name)
			}
		})
	}
}
