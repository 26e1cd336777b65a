//go:build linux || darwin

package app_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/adagp/adagp/cmd/cli/clitest"
	"github.com/adagp/adagp/models"
)

// TestPipesInsteadOfFiles puts a named pipe that nobody writes to in the place of each file that the
// program reads. It must say so instead of waiting for ever.
func TestPipesInsteadOfFiles(t *testing.T) {
	const pipe = "named pipe"
	inspect := []string{"inspect", "--model", "MODEL"}
	eval := []string{"eval", "--model", "MODEL", "--max-windows", "1", "--text", "a.txt"}
	prune := func(flags ...string) []string {
		return append([]string{"prune", "--model", "MODEL", "--out", "OUT", "--samples", "2", "--method", "magnitude"}, flags...)
	}
	for _, c := range []struct {
		file  string   // what is a pipe
		gone  string   // what MODEL has not, so that file is looked at
		says  string   // the failure, besides the name
		flags []string // what reads it
	}{
		{"MODEL/config.json", "", pipe, inspect},
		{"MODEL/pruning.json", "", pipe, inspect},
		{"MODEL/model.safetensors", "", pipe, inspect},
		{"MODEL/model.safetensors.index.json", "model.safetensors", pipe, inspect},
		{"MODEL/pytorch_model.bin", "model.safetensors", pipe, inspect},
		{"MODEL/pytorch_model.bin.index.json", "model.safetensors", pipe, inspect},
		{"MODEL/tokenizer.json", "", pipe, eval},
		{"MODEL/tokenizer_config.json", "", pipe, eval},
		{"MODEL/tokenizer.model", "", pipe, eval},
		{"MODEL/vocab.json", "tokenizer.model", pipe, eval},
		{"MODEL/generation_config.json", "", pipe, []string{"generate", "--model", "MODEL", "--prompt", "a", "--max-tokens", "1"}},
		{"shares.json", "", pipe, prune("--allocation", "shares.json")},
		{"task.jsonl", "", pipe, []string{"eval", "--model", "MODEL", "--task", "piqa=task.jsonl"}},
		{"OUT/sweep.json", "", pipe, []string{"sweep", "--model", "MODEL", "--out", "OUT", "--samples", "2"}},
		{"calib.txt", "", "empty", prune("--calib", "calib.txt")},
		{"calib.jsonl", "", "empty", prune("--calib", "calib.jsonl")},
		{"calib.jsonl.gz", "", "gzip", prune("--calib", "calib.jsonl.gz")},
		{"text.txt", "", "empty", []string{"eval", "--model", "MODEL", "--text", "text.txt"}},
		{"prompts.txt", "", "empty", []string{"generate", "--model", "MODEL", "--prompts", "prompts.txt"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Chdir(t.TempDir())
			demo, err := models.Folder("demo:llama")
			if err == nil {
				err = os.CopyFS("MODEL", demo)
			}
			if err == nil && c.gone != "" {
				err = os.Remove(filepath.Join("MODEL", c.gone))
			}
			if err == nil {
				err = os.MkdirAll(filepath.Dir(c.file), 0o755)
			}
			clitest.WriteFile(t, ".", "a.txt", "some text")
			_ = os.Remove(c.file)
			if err == nil {
				err = syscall.Mkfifo(c.file, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan clitest.Result, 1)
			go func() { done <- clitest.Call(t, c.flags...) }()
			select {
			case r := <-done:
				clitest.WantFailure(t, r, 1, filepath.Base(c.file), c.says)
			case <-time.After(30 * time.Second):
				t.Fatal("the program waits for ever")
			}
		})
	}
}
