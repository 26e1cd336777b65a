package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestRegistration finds tests that register something outside of init. A name is taken for as long as the
// process runs, so that such a test panics when it is run twice (go test -count=2). Functions that recover are
// about that very panic, and package prune takes back what its own tests register.
func TestRegistration(t *testing.T) {
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "init" {
				continue
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				if f, ok := n.(*ast.FuncLit); ok && recovers(f) {
					return false
				}
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if s, ok := call.Fun.(*ast.SelectorExpr); ok && isPackage(s.X, "prune") && strings.HasPrefix(s.Sel.Name, "Register") {
					t.Errorf("%s: prune.%s is called outside of init", files.Position(call.Pos()), s.Sel.Name)
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func isPackage(x ast.Expr, name string) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == name
}

func recovers(f *ast.FuncLit) (found bool) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == "recover"
		return true
	})
	return found
}
