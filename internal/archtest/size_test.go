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

// TestSizes measures every file that nobody generated, those of the other modules too.
func TestSizes(t *testing.T) {
	files := 0
	check := func(what string, lines, limit int) {
		if lines > limit {
			t.Errorf("%s has %d lines, want at most %d", what, lines, limit)
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
