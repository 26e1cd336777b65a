package app_test

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/cmd/cli/clitest"
)

var recordBytes = flag.Bool("record-bytes", false, "record the sums of TestSameBytes instead of comparing them")

// bytesCase is a pruning run on an embedded model. What is quick also runs with -short; what comes after it says what
// is done with the result too.
type bytesCase struct {
	model, name string
	quick       bool
	flags       string
	after       bool
}

var bytesCases = func() (cases []bytesCase) {
	for _, model := range []string{"llama", "opt"} {
		cases = append(cases,
			bytesCase{model, "magnitude", true, "--method magnitude --sparsity 0.6", false},
			bytesCase{model, "wanda 2:4", true, "--method wanda --pattern 2:4", false},
			bytesCase{model, "sparsegpt", true, "--method sparsegpt --sparsity 0.7", true},
			bytesCase{model, "adagp", false, "--sparsity 0.7", false},
			bytesCase{model, "adagp paper", false, "--paper --sparsity 0.7", false})
	}
	for name, flags := range map[string]string{
		"ria": "--method ria --sparsity 0.6", "dsnot": "--method dsnot --sparsity 0.6",
		"admm": "--method admm --sparsity 0.7", "alps": "--method alps --sparsity 0.7",
		"global-magnitude": "--method global-magnitude --sparsity 0.6", "global-taylor": "--method global-taylor --sparsity 0.6",
		"adagp fast": "--preset fast --sparsity 0.8", "adagp best": "--preset best --sparsity 0.8", "adagp 4:8": "--pattern 4:8",
		"sparsegpt 4 bits": "--method sparsegpt --sparsity 0.5 --wbits 4", "adagp 4 bits": "--sparsity 0.5 --wbits 4 --wgroup 32",
		"owl": "--method wanda --sparsity 0.6 --allocation owl", "bfloat16": "--sparsity 0.7 --dtype bfloat16",
		"solver wanda": "--sparsity 0.7 --solver wanda",
	} {
		cases = append(cases, bytesCase{"llama", name, false, flags, false})
	}
	return cases
}()

// TestSameBytes: the weights that methods, presets, patterns and grids give on the embedded models, what packing and
// unpacking leaves of them, text and perplexity have the sums that are recorded in testdata/samebytes.json, for the
// kernel levels apart. A change that is meant to change results records new ones:
//
//	go test ./cmd/cli/app -run TestSameBytes -record-bytes
//
// Other machines than amd64 fuse the arithmetic in Go differently and are left out, as are levels a machine lacks.
func TestSameBytes(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skipf("the sums are those of amd64, not of %s", runtime.GOARCH)
	}
	const file = "testdata/samebytes.json"
	known := map[string]string{}
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, &known)
	}
	if err != nil && !*recordBytes {
		t.Fatal(err)
	}
	before := asm.Current()
	t.Cleanup(func() { _ = asm.SetLevel(before) })
	got := map[string]string{}
	for _, level := range []asm.Level{asm.AVX512, asm.Generic} {
		t.Run(level.String(), func(t *testing.T) {
			if !slices.Contains(asm.Levels(), level) {
				t.Skipf("this machine lacks the level %v", level)
			}
			for _, c := range bytesCases {
				if testing.Short() && (!c.quick || level == asm.Generic) {
					continue
				}
				key := fmt.Sprintf("%v %s %s", level, c.model, c.name)
				t.Run(c.model+" "+c.name, func(t *testing.T) { maps.Copy(got, c.run(t, key, level)) })
			}
		})
	}
	if *recordBytes && !t.Failed() {
		b, err := json.MarshalIndent(got, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for key, sum := range got {
		if known[key] != sum {
			t.Errorf("%s: %s, recorded is %q", key, sum, known[key])
		}
	}
	if want := len(known); !testing.Short() && len(asm.Levels()) > 2 && len(got) != want {
		t.Errorf("%d results, recorded are %d", len(got), want)
	}
}

// run returns the sums of a case, whose names begin with key.
func (c *bytesCase) run(t *testing.T, key string, level asm.Level) map[string]string {
	dir := t.TempDir()
	text := clitest.WriteFile(t, dir, "text.txt", sentences(200))
	out, kernel := filepath.Join(dir, "out"), "--kernel="+level.String()
	args := []string{"prune", "--model", "demo:" + c.model, "--out", out, kernel, "--calib", text, "--samples", "8", "--seqlen", "32", "--no-progress"}
	clitest.OK(t, append(args, strings.Fields(c.flags)...)...)
	sums := map[string]string{key: sumOfWeights(t, out)}
	if !c.after {
		return sums
	}
	packed, dense := filepath.Join(dir, "packed"), filepath.Join(dir, "dense")
	clitest.OK(t, "pack", "--model", out, "--out", packed, "--dtype", "bfloat16", "--no-progress", kernel)
	clitest.OK(t, "pack", "--model", packed, "--out", dense, "--unpack", "--no-progress", kernel)
	sums[key+" packed"], sums[key+" unpacked"] = sumOfWeights(t, packed), sumOfWeights(t, dense)
	sums[key+" greedy text"] = clitest.OK(t, "generate", "--model", packed, "--prompt", "The old man", "--temperature", "0", "--max-tokens", "24", "--no-progress", kernel).Stdout
	var eval struct {
		Perplexity float64 `json:"perplexity"`
	}
	r := clitest.OK(t, "eval", "--model", out, "--text", text, "--seqlen", "32", "--max-windows", "8", "--json", "--no-progress", kernel)
	if err := json.Unmarshal([]byte(r.Stdout), &eval); err != nil {
		t.Fatal(err)
	}
	sums[key+" perplexity"] = fmt.Sprintf("%.6g", eval.Perplexity)
	return sums
}

// sumOfWeights is the start of the SHA-256 of a folder's weight files, in the order of their names.
func sumOfWeights(t *testing.T, dir string) string {
	t.Helper()
	sum := sha256.New()
	files := clitest.WeightFiles(t, dir)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		sum.Write([]byte(name))
		sum.Write(files[name])
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:12])
}

// sentences makes a text of n sentences of common words, always the same.
func sentences(n int) string {
	words := strings.Fields("the a cat dog man tree house river sun moon big small red old new said saw went came looked and but then there they he she it was is in on under to of")
	var b strings.Builder
	state := uint32(1)
	for range n {
		for range 12 {
			state = state*1664525 + 1013904223
			b.WriteString(words[int(state>>16)%len(words)] + " ")
		}
		b.WriteString("again.\n")
	}
	return b.String()
}
