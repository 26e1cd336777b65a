package asm

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
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
