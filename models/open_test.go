package models_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// stored is a tensor as it goes into a safetensors file.
type stored struct {
	dtype string
	shape []int
	data  []byte
}

// readStored reads all tensors of a golden model.
func readStored(t testing.TB, name string) map[string]stored {
	t.Helper()
	r, err := checkpoint.Open(os.DirFS(golden.Path("models/" + name)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all := map[string]stored{}
	for _, n := range r.Names() {
		info, _ := r.Info(n)
		raw, err := r.Raw(n)
		if err != nil {
			t.Fatal(err)
		}
		all[n] = stored{info.DType.String(), info.Shape, raw}
	}
	return all
}

// safetensorsFile is the inverse of readStored.
func safetensorsFile(t testing.TB, tensors map[string]stored) []byte {
	t.Helper()
	header := map[string]any{}
	var body []byte
	for _, n := range slices.Sorted(maps.Keys(tensors)) {
		s := tensors[n]
		header[n] = map[string]any{"dtype": s.dtype, "shape": s.shape, "data_offsets": []int{len(body), len(body) + len(s.data)}}
		body = append(body, s.data...)
	}
	h, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	h = append(h, bytes.Repeat([]byte(" "), (8-len(h)%8)%8)...)
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(h))), h, body)
}

// withConfig returns a golden model's folder with another config.json.
func withConfig(t testing.TB, name, config string) fstest.MapFS {
	t.Helper()
	weights, err := os.ReadFile(golden.Path("models/" + name + "/model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{
		"config.json":       {Data: []byte(config)},
		"model.safetensors": {Data: weights},
	}
}

// withTensors returns a golden model's folder with changed tensors.
func withTensors(t testing.TB, name string, change func(all map[string]stored)) fstest.MapFS {
	t.Helper()
	config, err := os.ReadFile(golden.Path("models/" + name + "/config.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := readStored(t, name)
	change(all)
	return fstest.MapFS{
		"config.json":       {Data: config},
		"model.safetensors": {Data: safetensorsFile(t, all)},
	}
}

// wantError fails unless err mentions all of the given parts, in one line.
func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("got error %q, want %q in it", err, p)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error has several lines: %q", err)
	}
}

func TestOpenPaths(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	tests := []struct {
		name, path string
		want       []string
	}{
		{"missing folder", filepath.Join(empty, "none"), []string{filepath.Join(empty, "none"), "does not exist"}},
		{"file instead of folder", file, []string{file, "not a folder"}},
		{"folder without config", empty, []string{filepath.Join(empty, "config.json"), "does not exist"}},
		{"unknown demo", "demo:gpt", []string{`"demo:gpt"`, "demo:llama or demo:opt"}},
		{"empty path", "", []string{"does not exist"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := models.Open(tt.path)
			wantError(t, err, tt.want...)
		})
	}
}

func TestOpenConfigs(t *testing.T) {
	tests := []struct {
		name, config string
		want         []string
	}{
		{"empty", "", []string{"empty"}},
		{"blank", " \n", []string{"empty"}},
		{"not JSON", "hidden_size = 48", []string{"not JSON", "offset"}},
		{"truncated", `{"architectures": ["LlamaForCausalLM"], "hid`, []string{"not JSON"}},
		{"array", `[1]`, []string{"want a JSON object"}},
		{"null", `null`, []string{"want a JSON object"}},
		{"number", `17`, []string{"want a JSON object"}},
		{"no architectures", `{"model_type": "llama"}`, []string{"architectures", "missing"}},
		{"null architectures", `{"architectures": null}`, []string{"architectures", "missing"}},
		{"empty architectures", `{"architectures": []}`, []string{"architectures", "[]"}},
		{"architectures a string", `{"architectures": "LlamaForCausalLM"}`, []string{"architectures", `"LlamaForCausalLM"`}},
		{"unknown architecture", `{"architectures": ["T5ForConditionalGeneration"]}`, []string{`"T5ForConditionalGeneration"`, "known: ", "LlamaForCausalLM, ", "OPTForCausalLM, "}},
		{"too large", strings.Repeat(" ", 5<<20), []string{"want at most 4194304"}},
		{"bad value", `{"architectures": ["LlamaForCausalLM"], "vocab_size": -4}`, []string{"vocab_size", "-4"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := models.OpenFS(withConfig(t, "rand-llama-tied", tt.config), "folder")
			wantError(t, err, append(tt.want, "folder/config.json")...)
		})
	}
}

func TestOpenTensors(t *testing.T) {
	const q = "model.layers.0.self_attn.q_proj.weight"
	half := func(s stored) stored {
		return stored{s.dtype, []int{s.shape[0] / 2, s.shape[1]}, s.data[:len(s.data)/2]}
	}
	tests := []struct {
		name   string
		change func(all map[string]stored)
		want   []string // nil: opens
	}{
		{"unchanged", func(map[string]stored) {}, nil},
		{"one missing", func(all map[string]stored) { delete(all, q) },
			[]string{"1 tensor missing", q}},
		{"a layer missing", func(all map[string]stored) {
			maps.DeleteFunc(all, func(n string, _ stored) bool { return strings.HasPrefix(n, "model.layers.1.") })
		}, []string{"9 tensors missing", "model.layers.1.input_layernorm.weight", "and 4 more"}},
		{"one unexpected", func(all map[string]stored) { all["model.layers.0.extra\n"] = all[q] },
			[]string{"1 tensor in the checkpoint unknown", `"model.layers.0.extra\n"`}},
		{"renamed", func(all map[string]stored) { all["q.weight"] = all[q]; delete(all, q) },
			[]string{"1 tensor missing", q, "1 tensor in the checkpoint unknown", `"q.weight"`}},
		{"one layer more than configured", func(all map[string]stored) {
			for n, s := range maps.Clone(all) {
				if rest, ok := strings.CutPrefix(n, "model.layers.0."); ok {
					all["model.layers.2."+rest] = s
				}
			}
		}, []string{"9 tensors in the checkpoint unknown", "model.layers.2.input_layernorm.weight", "and 4 more"}},
		{"wrong shape", func(all map[string]stored) { all[q] = half(all[q]) },
			[]string{"model.safetensors", q, "[24 48]", "[48 48]"}},
		{"wrong rank", func(all map[string]stored) { all[q] = stored{"F32", []int{48 * 48}, all[q].data} },
			[]string{q, "[2304]", "[48 48]"}},
		{"integers", func(all map[string]stored) { all[q] = stored{"I32", all[q].shape, all[q].data} },
			[]string{q, "I32", "[F32 F16 BF16]"}},
		{"float64", func(all map[string]stored) {
			all[q] = stored{"F64", all[q].shape, append(slices.Clone(all[q].data), all[q].data...)}
		}, []string{q, "F64"}},
		{"rotary buffers", func(all map[string]stored) {
			all["model.layers.1.self_attn.rotary_emb.inv_freq"] = stored{"F32", []int{6}, make([]byte, 24)}
		}, nil},
		{"tied head stored as well", func(all map[string]stored) { all["lm_head.weight"] = all["model.embed_tokens.weight"] }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := models.OpenFS(withTensors(t, "rand-llama-tied", tt.change), "folder")
			if tt.want != nil {
				wantError(t, err, append(tt.want, "folder")...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(m.LoadAll(), m.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOpenWithoutWeights(t *testing.T) {
	fsys := withConfig(t, "rand-llama-tied", "{}")
	config, err := os.ReadFile(golden.Path("models/rand-llama-tied/config.json"))
	if err != nil {
		t.Fatal(err)
	}
	fsys["config.json"].Data = config
	delete(fsys, "model.safetensors")
	_, err = models.OpenFS(fsys, "folder")
	wantError(t, err, "folder", "model.safetensors")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want one that is fs.ErrNotExist", err)
	}
	fsys["model.safetensors"] = &fstest.MapFile{Data: []byte{255, 255, 255, 255, 255, 255, 255, 127}}
	_, err = models.OpenFS(fsys, "folder")
	wantError(t, err, "folder", "model.safetensors")
}

// An untied head must be there; llama configs are untied by default.
func TestOpenUntiedHeadMissing(t *testing.T) {
	fsys := withTensors(t, "rand-llama-bias", func(all map[string]stored) { delete(all, "lm_head.weight") })
	_, err := models.OpenFS(fsys, "folder")
	wantError(t, err, "1 tensor missing", "lm_head.weight")
}

func TestLoadRejectsNonFinite(t *testing.T) {
	const norm = "model.layers.1.post_attention_layernorm.weight"
	for _, tt := range []struct {
		name  string
		value float32
		want  string
	}{
		{"NaN", float32(math.NaN()), "NaN"},
		{"Inf", float32(math.Inf(1)), "+Inf"},
		{"negative Inf", float32(math.Inf(-1)), "-Inf"},
	} {
		for _, name := range []string{norm, "model.layers.1.mlp.up_proj.weight"} {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				var shape []int
				m, err := models.OpenFS(withTensors(t, "rand-llama-tied", func(all map[string]stored) {
					shape = all[name].shape
					i := 5 // the last row's
					if len(shape) == 2 {
						i += shape[1] * (shape[0] - 1)
					}
					binary.LittleEndian.PutUint32(all[name].data[4*i:], math.Float32bits(tt.value))
				}), "folder")
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				want := []string{"folder", name, tt.want, "[5]"}
				if len(shape) == 2 {
					want[3] = "[79 5]"
				}
				wantError(t, m.Load(m.Layers()[1].Walk), want...)
				m.Layers()[1].Walk(func(p *nn.Param) {
					if p.Value() != nil {
						t.Errorf("%s is loaded after the error", p.Name)
					}
				})
				if err := m.Load(m.Layers()[0].Walk); err != nil {
					t.Errorf("the sound layer: %v", err)
				}
			})
		}
	}
}

func TestLoadKeepsValues(t *testing.T) {
	m := openLoaded(t, golden.Path("models/rand-opt350"))
	l := m.Layers()[0].Linears()[0]
	l.Weight.Value().Fill(0) // as pruning would
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	if got := tensor.MaxAbs(l.Weight.Value()); got != 0 {
		t.Errorf("loading again replaced changed weights, largest %v", got)
	}
	m.Unload(m.Layers()[0].Walk)
	if err := m.LoadAll(); err != nil {
		t.Fatal(err)
	}
	if got := tensor.MaxAbs(l.Weight.Value()); got == 0 {
		t.Error("loading after Unload left the weights empty")
	}
}

func TestTensorName(t *testing.T) {
	tests := []struct{ model, param, want string }{
		{"rand-opt-noprefix-bin", "model.decoder.layers.1.fc1.weight", "decoder.layers.1.fc1.weight"},
		{"rand-opt-nobias", "model.decoder.layers.1.fc1.weight", "model.decoder.layers.1.fc1.weight"},
		{"rand-llama3", "model.layers.1.mlp.up_proj.weight", "model.layers.1.mlp.up_proj.weight"},
	}
	for _, tt := range tests {
		m := open(t, golden.Path("models/"+tt.model))
		var found bool
		m.Walk(func(p *nn.Param) {
			if p.Name != tt.param {
				return
			}
			found = true
			if got := m.TensorName(p); got != tt.want {
				t.Errorf("%s: stored name of %s: got %s, want %s", tt.model, tt.param, got, tt.want)
			}
		})
		if !found {
			t.Errorf("%s has no parameter %s", tt.model, tt.param)
		}
		if got := m.TensorName(nn.NewParam("other")); got != "other" {
			t.Errorf("%s: stored name of a foreign parameter: got %s, want other", tt.model, got)
		}
	}
}

// Nothing is loaded by Open, and shared parameters are counted once.
func TestOpenLoadsNothing(t *testing.T) {
	forEach := []struct {
		path  string
		count int64
	}{
		{"demo:llama", 1000576}, // stored elements: 2 bytes each
		{golden.Path("models/stories260k"), 260032},
	}
	for _, tt := range forEach {
		m := open(t, tt.path)
		m.Walk(func(p *nn.Param) {
			if p.Value() != nil {
				t.Errorf("%s: %s has values before Load", tt.path, p.Name)
			}
		})
		var storedCount int64
		for _, n := range m.Reader.Names() {
			info, _ := m.Reader.Info(n)
			storedCount += info.Bytes / int64(info.DType.Size())
		}
		if got := nn.Count(m.Walk); got != storedCount || got != tt.count {
			t.Errorf("%s: %d parameters, %d stored, want %d", tt.path, got, storedCount, tt.count)
		}
	}
}
