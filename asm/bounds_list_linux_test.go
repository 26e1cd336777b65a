package asm

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// TestBoundsOfEveryKernel: every exported function that is given slices is called, maybe by way of a list
// or a helper, by one of the tests that put slices beside memory that cannot be touched.
func TestBoundsOfEveryKernel(t *testing.T) {
	uses, exported := map[string][]string{}, []string{}
	for _, path := range matching(t, "*.go") {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, isFunc := d.(*ast.FuncDecl)
			switch {
			case strings.HasSuffix(path, "_test.go"):
				for _, name := range declared(d) {
					uses[name] = append(uses[name], identifiers(d)...)
				}
			case isFunc && f.Name.IsExported() && hasSlice(f.Type):
				exported = append(exported, f.Name.Name)
			}
		}
	}
	reached := map[string]bool{}
	var reach func(name string)
	reach = func(name string) {
		if !reached[name] {
			reached[name] = true
			for _, next := range uses[name] {
				reach(next)
			}
		}
	}
	reach("TestWithinBounds")
	reach("TestStoredWithinBounds")
	for _, name := range exported {
		if !reached[name] {
			t.Errorf("no test holds %s to the bounds of its slices", name)
		}
	}
	if len(exported) < 40 {
		t.Errorf("found %d functions with slices, want all: %v", len(exported), exported)
	}
}

// declared returns the names that a declaration at the top of a file gives.
func declared(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		names = append(names, d.Name.Name)
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if v, ok := s.(*ast.ValueSpec); ok {
				for _, name := range v.Names {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

func identifiers(n ast.Node) (names []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names = append(names, id.Name)
		}
		return true
	})
	return names
}

// holdsSlices are the types with slices of the caller in them.
var holdsSlices = regexp.MustCompile(`^(Matrix|.*Weights)$`)

// hasSlice reports whether a function is given slices, by themselves or in matrices.
func hasSlice(f *ast.FuncType) bool {
	for _, p := range f.Params.List {
		t := p.Type
		if address, ok := t.(*ast.StarExpr); ok {
			t = address.X
		}
		if generic, ok := t.(*ast.IndexExpr); ok {
			t = generic.X
		}
		if id, ok := t.(*ast.Ident); ok && holdsSlices.MatchString(id.Name) {
			return true
		}
		if a, ok := t.(*ast.ArrayType); ok && a.Len == nil {
			return true
		}
	}
	return false
}
