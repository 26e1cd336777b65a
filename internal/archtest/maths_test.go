package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMathsNamesFunctions: every page of docs/maths has a table from equations to functions, and what it
// names is declared somewhere.
func TestMathsNamesFunctions(t *testing.T) {
	root := filepath.Join("..", "..")
	known := declared(t, root)
	pages, err := filepath.Glob(filepath.Join(root, "docs", "maths", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("pages %v, error %v", pages, err)
	}
	quoted := regexp.MustCompile("`([A-Za-z_][A-Za-z0-9_.]*)`")
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		names, in := 0, false
		for _, line := range strings.Split(string(b), "\n") {
			cells := strings.Split(strings.TrimSpace(line), "|")
			if len(cells) < 3 {
				in = false
				continue
			}
			last := strings.TrimSpace(cells[len(cells)-2])
			if strings.EqualFold(last, "function") {
				in = true
				continue
			}
			if !in {
				continue
			}
			for _, m := range quoted.FindAllStringSubmatch(last, -1) {
				names++
				if !known[m[1]] {
					t.Errorf("%s names %s, which is not declared", filepath.Base(page), m[1])
				}
			}
		}
		if names < 3 {
			t.Errorf("%s: %d names in a table with a column of functions", filepath.Base(page), names)
		}
	}
}

// declared holds the names of everything that non-test sources declare: functions, types, methods as
// type.method, and all of them behind the package's name as well.
func declared(t *testing.T, root string) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (name == "testdata" || strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		add := func(name string) { known[name], known[f.Name.Name+"."+name] = true, true }
		for _, decl := range f.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				name := decl.Name.Name
				if decl.Recv != nil {
					typ := decl.Recv.List[0].Type
					if p, ok := typ.(*ast.StarExpr); ok {
						typ = p.X
					}
					if id, ok := typ.(*ast.Ident); ok {
						add(id.Name + "." + name)
					}
				}
				add(name)
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						add(spec.Name.Name)
					case *ast.ValueSpec:
						for _, id := range spec.Names {
							add(id.Name)
						}
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return known
}
