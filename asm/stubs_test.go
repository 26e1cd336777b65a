package asm

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestStubs: every function in assembly, of any machine, documents the loop that it computes, keeps its
// arguments where they are, and has a body; every body has a stub.
func TestStubs(t *testing.T) {
	stubs := map[string]string{} // name → architecture
	for _, path := range matching(t, "*_a[mr]*64.go") {
		arch := architecture(path)
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body != nil {
				continue
			}
			name := f.Name.Name
			stubs[arch+" "+name] = path
			doc, pragma := "", false
			if f.Doc != nil {
				doc = f.Doc.Text()
				for _, c := range f.Doc.List {
					pragma = pragma || c.Text == "//go:noescape"
				}
			}
			if !strings.HasPrefix(doc, name+" ") {
				t.Errorf("%s: %s is documented as %q", path, name, doc)
			}
			if !strings.Contains(doc, "\n\t") {
				t.Errorf("%s: the comment of %s shows no loop:\n%s", path, name, doc)
			}
			if !pragma && hasPointer(f.Type) {
				t.Errorf("%s: %s is not marked //go:noescape", path, name)
			}
		}
	}
	text := regexp.MustCompile(`(?m)^TEXT ·(\w+)\(SB\)`)
	for _, path := range matching(t, "*.s") {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := text.FindAllSubmatch(b, -1)
		for _, m := range found {
			key := architecture(path) + " " + string(m[1])
			if _, ok := stubs[key]; !ok {
				t.Errorf("%s: %s has no stub", path, m[1])
			}
			delete(stubs, key)
		}
	}
	for name, path := range stubs {
		t.Errorf("%s: %s has no body", path, name)
	}
}

// TestInstructions: a kernel uses no instructions but those that cpuHas asks for on behalf of its level, as
// the generator lists them. The kernels that want more are those that a level has only with VBMI2.
func TestInstructions(t *testing.T) {
	// AVX2 is nowhere without POPCNT and what is older.
	avx2 := "AVX AVX2 FMA3 F16C BMI POPCNT CMOV MMX+ SSE SSE2 "
	asked := map[string]string{"FMA": avx2, "AVX2": avx2, "AVX512": avx2 + "AVX512F AVX512BW AVX512DQ AVX512VL BMI2 "}
	wantsVBMI2 := regexp.MustCompile(`^bitmask.*(F16|BF16).*AVX512$`) // see storedAVX512
	body := regexp.MustCompile(`(?m)^// func \w+\(.*\n(?:// Requires: (.*)\n)?TEXT ·(\w+)\(SB\)`)
	kernels := 0
	for _, path := range matching(t, "*_amd64.s") {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range body.FindAllStringSubmatch(string(b), -1) {
			kernels++
			name := m[2]
			level := regexp.MustCompile(`AVX2$|AVX512$|FMA$`).FindString(name)
			for _, feature := range strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' }) {
				if !slices.Contains(strings.Fields(asked[level]), feature) && !(feature == "AVX512VBMI2" && wantsVBMI2.MatchString(name)) {
					t.Errorf("%s: %s wants %s, which its level does not ask for", path, name, feature)
				}
			}
		}
		if texts := strings.Count(string(b), "\nTEXT "); len(body.FindAllString(string(b), -1)) != texts {
			t.Errorf("%s: %d bodies of %d have the comment of the generator", path, len(body.FindAllString(string(b), -1)), texts)
		}
	}
	if kernels < 100 {
		t.Errorf("looked at %d kernels, want all", kernels)
	}
}

func matching(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v, %v", pattern, paths, err)
	}
	return paths
}

// architecture returns what the name of a file says it is for.
func architecture(path string) string {
	base := strings.TrimSuffix(path, filepath.Ext(path))
	return base[strings.LastIndex(base, "_")+1:]
}

func hasPointer(f *ast.FuncType) bool {
	for _, p := range f.Params.List {
		if _, ok := p.Type.(*ast.StarExpr); ok {
			return true
		}
	}
	return false
}
