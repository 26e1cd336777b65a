package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all" // the architectures by name
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune"
	_ "github.com/adagp/adagp/prune/all" // the methods by name
	"github.com/adagp/adagp/tensor"
)

// subject is a model folder and its calibration windows.
type subject struct {
	name, dir string
	windows   [][]int
}

// discard takes the pruned tensors.
type discard struct{}

func (discard) Put(string, *tensor.Tensor) error { return nil }

// prune opens the model and prunes it.
func (s subject) prune(ctx context.Context, o prune.Options) (err error) {
	m, err := models.Open(s.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	_, err = prune.Run(ctx, m, s.windows, o, discard{})
	return err
}

// trained finds a model and n windows of its recorded calibration ids.
func trained(data, name string, n, length int) (subject, error) {
	s := subject{name: name, dir: filepath.Join(data, "models", name)}
	raw, err := os.ReadFile(filepath.Join(data, "golden", "prune", "ids", name+"_calib_seed0.u16"))
	if err != nil {
		return s, err
	}
	if want := 2 * n * length; len(raw) < want {
		return s, fmt.Errorf("%s: %d bytes of recorded ids, want %d for %d windows of %d", name, len(raw), want, n, length)
	}
	for w := range n {
		ids := make([]int, length)
		for i := range ids {
			ids[i] = int(binary.LittleEndian.Uint16(raw[2*(w*length+i):]))
		}
		s.windows = append(s.windows, ids)
	}
	return s, nil
}

// shape is a model that is made up.
type shape struct {
	name, config string
	vocab        int
}

var shapes = []shape{
	{"random LLaMA, 4×768", `{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
		"vocab_size": 4096, "hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 4, "num_attention_heads": 12,
		"num_key_value_heads": 12, "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "torch_dtype": "float32"}`, 4096},
	{"random OPT, 4×768", `{"architectures": ["OPTForCausalLM"], "model_type": "opt", "activation_function": "relu",
		"vocab_size": 4096, "hidden_size": 768, "ffn_dim": 3072, "num_hidden_layers": 4, "num_attention_heads": 12,
		"max_position_embeddings": 2048, "torch_dtype": "float32"}`, 4096},
}

// write makes a folder of the shape in dir, with random weights that keep signals of one size from layer to
// layer, and n windows of random ids of which few are frequent.
func (s shape) write(dir string, n, length int) (subject, error) {
	m, err := models.Build([]byte(s.config))
	if err != nil {
		return subject{}, err
	}
	params := nn.Params(m.Walk)
	var ts []safetensors.Tensor
	for _, p := range params {
		ts = append(ts, safetensors.Tensor{Name: p.Name, DType: tensor.F32, Shape: p.Shape})
	}
	if err := safetensors.Layout(ts); err != nil {
		return subject{}, err
	}
	file, err := safetensors.EncodeHeader(ts, map[string]string{"format": "pt"})
	if err != nil {
		return subject{}, err
	}
	rng := rand.New(rand.NewPCG(0, 0x636f7374))
	for _, p := range params {
		values := make([]float32, elements(p.Shape))
		for i := range values {
			switch {
			case len(p.Shape) == 2:
				values[i] = float32(rng.NormFloat64() / math.Sqrt(float64(p.Shape[1])))
			case !strings.HasSuffix(p.Name, ".bias"):
				values[i] = 1 // of norms
			}
		}
		at := len(file)
		file = append(file, make([]byte, 4*len(values))...)
		if err := tensor.Encode(file[at:], values, tensor.F32); err != nil {
			return subject{}, err
		}
	}
	out := subject{name: s.name, dir: filepath.Join(dir, s.name)}
	if err := os.Mkdir(out.dir, 0o777); err != nil {
		return out, err
	}
	if err := os.WriteFile(filepath.Join(out.dir, "config.json"), []byte(s.config), 0o666); err != nil {
		return out, err
	}
	zipf := rand.NewZipf(rng, 1.2, 8, uint64(s.vocab-1))
	for range n {
		ids := make([]int, length)
		for i := range ids {
			ids[i] = int(zipf.Uint64())
		}
		out.windows = append(out.windows, ids)
	}
	return out, os.WriteFile(filepath.Join(out.dir, "model.safetensors"), file, 0o666)
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
