package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// How long a file and a function may be, in lines. Functions of tests, which are often one table, may be longer.
const (
	longestFile     = 400
	longestFunction = 60
)

// longer are the functions that were longer when the rule came, and files; they may shrink, not grow, and what is
// no longer too long is to be taken off the list.
var longer = map[string]int{
	"asm/_gen/attend/main.go scores":          86,
	"asm/_gen/gemv/main.go dots":              82,
	"asm/_gen/gemv/main.go fewDots":           67,
	"asm/_gen/gemv/main.go axpys":             100,
	"asm/_gen/pack/main.go rows":              87,
	"asm/_gen/pack/main.go columns":           82,
	"asm/_gen/stored/bitmask.go bitmaskPairs": 81,
	"asm/_gen/stored/panel.go panel":          70,
	"asm/_gen/stored/plain.go quarters":       74,
	"asm/_gen/stored/semi.go semi":            86,
}

// TestSizes measures every file that nobody generated, those of the other modules too.
func TestSizes(t *testing.T) {
	files := 0
	seen := map[string]bool{}
	check := func(what string, lines, limit int) {
		seen[what] = lines > limit
		if lines > max(limit, longer[what]) {
			t.Errorf("%s has %d lines, want at most %d", what, lines, max(limit, longer[what]))
		}
	}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
				return fs.SkipDir
			}
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || bytes.HasPrefix(b, []byte("// Code generated")) {
			return err
		}
		files++
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		check(name, bytes.Count(b, []byte("\n")), longestFile)
		if strings.HasSuffix(name, "_test.go") {
			return nil
		}
		return eachFunction(path, b, func(f string, lines int) { check(name+" "+f, lines, longestFunction) })
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 300 {
		t.Errorf("measured %d files, want all", files)
	}
	for what := range longer {
		if !seen[what] {
			t.Errorf("%s is not too long, take it off the list", what)
		}
	}
}

// eachFunction visits the functions and methods of a file with their numbers of lines.
func eachFunction(path string, source []byte, visit func(name string, lines int)) error {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, source, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("measuring functions: %w", err)
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			visit(f.Name.Name, set.Position(f.End()).Line-set.Position(f.Pos()).Line+1)
		}
	}
	return nil
}
