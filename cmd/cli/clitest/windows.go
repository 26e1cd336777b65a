package clitest

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adagp/adagp/internal/bigmodel"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/tensor"
)

// BigFolder makes a folder with a model of that shape and n calibration windows of 64 tokens.
func BigFolder(t *testing.T, s bigmodel.Shape, n int) (dir, model, windows string) {
	t.Helper()
	dir = t.TempDir()
	model, windows = filepath.Join(dir, "model"), filepath.Join(dir, "windows.jsonl")
	if err := bigmodel.Write(model, s, 1); err != nil {
		t.Fatal(err)
	}
	if err := bigmodel.WriteWindows(windows, n, 64, s.Vocab, 1); err != nil {
		t.Fatal(err)
	}
	return dir, model, windows
}

// EvalText is a little text to measure perplexity on.
func EvalText(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text.txt")
	text := strings.Repeat("The old man went down to the sea, and there was nobody who had seen the ship. ", 60)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// IDsFile writes windows of ids as the .jsonl that --calib and --text accept.
func IDsFile(t testing.TB, name string, windows [][]int) string {
	t.Helper()
	var b strings.Builder
	for _, ids := range windows {
		line, err := json.Marshal(map[string]any{"input_ids": ids})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return WriteFile(t, t.TempDir(), name, b.String())
}

// GoldenIDs reads recorded windows of 256 ids.
func GoldenIDs(t testing.TB, name string, n int) [][]int {
	t.Helper()
	b, err := os.ReadFile(golden.Path("prune/ids/" + name))
	if err != nil {
		t.Fatal(err)
	}
	windows := make([][]int, n)
	for i := range windows {
		for j := range 256 {
			windows[i] = append(windows[i], int(binary.LittleEndian.Uint16(b[2*(256*i+j):])))
		}
	}
	return windows
}

// PatternedIDs makes windows for the random models, which have 96 ids and no tokenizer.
func PatternedIDs(n, length int) [][]int {
	windows := make([][]int, n)
	for i := range windows {
		for j := range length {
			windows[i] = append(windows[i], (i*31+j*7+j*j)%96)
		}
	}
	return windows
}

// LoudModel makes a model whose logits are larger by a factor than random ones, and windows for it.
func LoudModel(t *testing.T, factor float32) (dir, model, windows string) {
	t.Helper()
	s := bigmodel.Named["tiny"]
	s.DType, s.Layers = tensor.F32, 1
	dir, model, windows = BigFolder(t, s, 4)
	path := filepath.Join(model, "model.safetensors")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tensors map[string]struct {
		Offsets [2]int `json:"data_offsets"`
	}
	begin := 8 + int(binary.LittleEndian.Uint64(text))
	if err := json.Unmarshal(text[8:begin], &tensors); err != nil {
		t.Fatal(err)
	}
	head := tensors["lm_head.weight"].Offsets
	for b := text[begin+head[0] : begin+head[1]]; len(b) > 0; b = b[4:] {
		binary.LittleEndian.PutUint32(b, math.Float32bits(factor*math.Float32frombits(binary.LittleEndian.Uint32(b))))
	}
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	return dir, model, windows
}
