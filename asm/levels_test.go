package asm

import (
	"fmt"
	"reflect"
	"regexp"
	"runtime"
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
	for _, l := range []Level{Generic, AVX2, AVX512, NEON, AVX512NoVBMI2, -1, 99} {
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
		{"generic", Generic}, {"avx2", AVX2}, {"avx512", AVX512}, {"neon", NEON}, {"avx512-novbmi2", AVX512NoVBMI2}, {"auto", levels[len(levels)-1]},
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

// eachField visits the fields of a level's table, also those in the tables within it, by their path.
func eachField(v reflect.Value, path string, visit func(path string, f reflect.Value)) {
	for i := range v.NumField() {
		name, f := path+v.Type().Field(i).Name, v.Field(i)
		switch {
		case f.Kind() == reflect.Array:
			for at := range f.Len() {
				visit(fmt.Sprintf("%s[%d]", name, at), f.Index(at))
			}
		case f.Kind() == reflect.Pointer && !f.IsNil():
			eachField(f.Elem(), name+".", visit)
		case f.Kind() == reflect.Struct:
			eachField(f, name+".", visit)
		default:
			visit(name, f)
		}
	}
}

// Every level has every kernel, but for those of panels, which Go does without.
func TestKernelTablesComplete(t *testing.T) {
	for _, table := range usable {
		eachField(reflect.ValueOf(*table), "", func(path string, f reflect.Value) {
			absent := path == "stored.panels" && table.level == Generic
			if path != "level" && f.Kind() != reflect.Bool && f.IsZero() != absent {
				t.Errorf("level %v: %s is missing: %v, want %v", table.level, path, f.IsZero(), absent)
			}
		})
		if g := table.gemm32; g.mc%g.mr != 0 || g.nc%g.nr != 0 {
			t.Errorf("level %v: blocks %d×%d are no multiples of the tile %d×%d", table.level, g.mc, g.nc, g.mr, g.nr)
		}
		if g := table.gemm64; g.mc%g.mr != 0 || g.nc%g.nr != 0 {
			t.Errorf("level %v, float64: blocks %d×%d are no multiples of the tile %d×%d", table.level, g.mc, g.nc, g.mr, g.nr)
		}
	}
}

// TestLevelsLeaveNothingInGo: a level in assembly has a body of its own for every kernel. What has none is
// listed here with the reason, and a body that it gets is to be taken off the list.
func TestLevelsLeaveNothingInGo(t *testing.T) {
	shared := func(l Level, path string) bool {
		switch path {
		case "gemm32.transpose", "gemm64.transpose":
			return l == NEON // moves data; only where it is measured to be slow it has a body of its own
		case "attend.scores", "attend.sum":
			return l == AVX2 || l == NEON // products of matrices, which are in assembly
		}
		return false
	}
	// Names tell bodies in Go: those of instances of one generic function have as many addresses.
	portable := regexp.MustCompile(`Generic(\[\.\.\.\])?$|ByGemm$|\.gemmGeneric\[`)
	visited := map[string]bool{}
	visit := func(table *kernels, check func(path string, inGo bool)) {
		eachField(reflect.ValueOf(*table), "", func(path string, f reflect.Value) {
			if f.Kind() == reflect.Func {
				visited[path] = true
				check(path, portable.MatchString(runtime.FuncForPC(f.Pointer()).Name()))
			}
		})
	}
	visit(&generic, func(path string, inGo bool) {
		if !inGo {
			t.Errorf("the body of %s in Go is not recognised by its name", path)
		}
	})
	for _, table := range compiledLevels {
		visit(table, func(path string, inGo bool) {
			if inGo != shared(table.level, path) {
				t.Errorf("level %v: %s is the body in Go: %v, want %v", table.level, path, inGo, shared(table.level, path))
			}
		})
	}
	paths := []string{"attend.scores", "attend.sum", "convert.widen[1]", "peak.read", "peak.multiplyAdd64", "gemm32.strip"}
	if len(compiledLevels) > 0 {
		paths = append(paths, "stored.panels.mul[2]")
	}
	for _, path := range paths {
		if !visited[path] {
			t.Errorf("%s was not looked at, only %d others", path, len(visited))
		}
	}
}
