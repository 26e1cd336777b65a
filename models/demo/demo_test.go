package demo_test

import (
	"fmt"
	"io/fs"
	"testing"

	"github.com/adagp/adagp/models/demo"
)

func TestFS(t *testing.T) {
	if _, ok := demo.FS("gpt"); ok {
		t.Error("there is a model gpt")
	}
	for _, name := range []string{"", ".", "..", "llama/", "../demo"} {
		if _, ok := demo.FS(name); ok {
			t.Errorf("there is a model %q", name)
		}
	}
	for _, name := range demo.Names() {
		fsys, ok := demo.FS(name)
		if !ok {
			t.Fatalf("no model %s", name)
		}
		for _, file := range []string{"config.json", "model.safetensors", "tokenizer_config.json"} {
			info, err := fs.Stat(fsys, file)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if info.Size() == 0 {
				t.Errorf("%s: %s is empty", name, file)
			}
		}
	}
}

// The embedded folders hold a configuration, weights and a tokenizer.
func ExampleFS() {
	fsys, ok := demo.FS("opt")
	if !ok {
		return
	}
	files, err := fs.Glob(fsys, "*")
	if err != nil {
		fmt.Println(err)
	}
	for _, f := range files {
		fmt.Println(f)
	}
	// Output:
	// config.json
	// merges.txt
	// model.safetensors
	// tokenizer_config.json
	// vocab.json
}
