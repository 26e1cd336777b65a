package autograd_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryOperationIsChecked reads this folder: every op_<name>.go must have a
// test beside it that calls gradcheck and the operation.
func TestEveryOperationIsChecked(t *testing.T) {
	files, err := filepath.Glob("op_*.go")
	if err != nil {
		t.Fatal(err)
	}
	operations := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		test := strings.TrimSuffix(file, ".go") + "_test.go"
		used := selectors(t, test)
		if !used["gradcheck.Check"] && !used["Checker.Check"] {
			t.Errorf("%s: %s has no gradient check", file, test)
		}
		for _, name := range exportedFuncs(t, file) {
			operations++
			if !used["autograd."+name] {
				t.Errorf("%s: %s does not use %s", file, test, name)
			}
		}
	}
	if operations < 25 {
		t.Errorf("found %d operations, want them all", operations)
	}
}

// exportedFuncs lists the exported functions of a file, methods left out.
func exportedFuncs(t *testing.T, file string) (names []string) {
	for _, d := range parse(t, file).Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() {
			names = append(names, f.Name.Name)
		}
	}
	return names
}

// selectors returns every x.y of a file, and T.y for T{…}.y and p.T{…}.y.
func selectors(t *testing.T, file string) map[string]bool {
	used := map[string]bool{}
	ast.Inspect(parse(t, file), func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x := s.X
		if lit, ok := x.(*ast.CompositeLit); ok {
			x = lit.Type
			if p, ok := x.(*ast.SelectorExpr); ok {
				x = p.Sel
			}
		}
		if id, ok := x.(*ast.Ident); ok {
			used[id.Name+"."+s.Sel.Name] = true
		}
		return true
	})
	return used
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
