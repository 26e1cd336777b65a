package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// family matches the names by which model families are told apart. Kinds of rope scaling and tokenizers'
// patterns are named after models too, but belong to files, not to families.
var family = regexp.MustCompile(`(?i)llama|mistral|mixtral|qwen|gemma|gpt-?[2j]|gpt_?neo|pythia|smollm|granite|olmo|stablelm|starcoder|cohere|glm|bloom|^mpt$|falcon|forcausallm|^opt$|self_attn|mlp\.|fc[12]\b|(gate|up|down)_proj`)

// TestNoFamilies: what computes and prunes knows no model family: neither its name nor those of its
// tensors. A new one needs a declaration in models and nothing else.
func TestNoFamilies(t *testing.T) {
	root := filepath.Join("..", "..")
	for _, dir := range []string{"asm", "tensor", "autograd", "nn", "prune", "eval", "checkpoint"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), "_")) {
				return fs.SkipDir
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				s, err := strconv.Unquote(lit.Value)
				if err == nil && family.MatchString(s) && filepath.Base(path) != "rope_scaling.go" {
					t.Errorf("%s: %q is about a family of models", path, s)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// names match the names of families in running text.
var names = regexp.MustCompile(`(?i)llama|mistral|mixtral|qwen|gemma|gpt-?[2j]|gpt_?neo|pythia|smollm|granite|olmo|stablelm|starcoder|falcon|forcausallm|\bOPT(-\d|\b)`)

// TestNoFamiliesInWords: no comment and no identifier in the packages that prune, store and command names a family of
// models. It is said in general what holds in general. Lower-case opt is short for options.
func TestNoFamiliesInWords(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	for _, dir := range []string{"prune", "checkpoint", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files++
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution|parser.ParseComments)
			if err != nil {
				return err
			}
			complain := func(at token.Pos, text string) {
				for _, found := range names.FindAllString(text, -1) {
					if found != "opt" {
						t.Errorf("%v: %q names a family of models", set.Position(at), found)
					}
				}
			}
			for _, c := range f.Comments {
				complain(c.Pos(), c.Text())
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					complain(id.Pos(), id.Name)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 100 {
		t.Errorf("read %d files, want all", files)
	}
}
