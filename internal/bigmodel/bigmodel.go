// Package bigmodel writes LLaMA-shaped checkpoints of any size with random weights, for measuring
// memory and time where a trained model of that size is not at hand.
package bigmodel

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/adagp/adagp/checkpoint/safetensors"
	"github.com/adagp/adagp/tensor"
)

// Shape is that of a LLaMA model. DType is F16, BF16 or F32.
type Shape struct {
	Hidden, Intermediate, Layers, Heads, KVHeads, Vocab, Positions int
	DType                                                          tensor.DType
}

// Named shapes, all in float16.
var Named = map[string]Shape{
	"tiny":     {Hidden: 64, Intermediate: 176, Layers: 3, Heads: 4, KVHeads: 2, Vocab: 256, Positions: 256, DType: tensor.F16},
	"small":    {Hidden: 768, Intermediate: 2048, Layers: 4, Heads: 12, KVHeads: 12, Vocab: 8192, Positions: 2048, DType: tensor.F16},
	"1.1b":     {Hidden: 2048, Intermediate: 5632, Layers: 22, Heads: 32, KVHeads: 4, Vocab: 32000, Positions: 2048, DType: tensor.F16},
	"7b-layer": {Hidden: 4096, Intermediate: 11008, Layers: 1, Heads: 32, KVHeads: 32, Vocab: 32000, Positions: 2048, DType: tensor.F16},
}

// tensors lists what a checkpoint of the shape holds.
func (s Shape) tensors() (ts []safetensors.Tensor) {
	add := func(name string, shape ...int) {
		ts = append(ts, safetensors.Tensor{Name: name, DType: s.DType, Shape: shape})
	}
	kv := s.Hidden / s.Heads * s.KVHeads
	add("model.embed_tokens.weight", s.Vocab, s.Hidden)
	for i := range s.Layers {
		p := fmt.Sprintf("model.layers.%d.", i)
		add(p+"input_layernorm.weight", s.Hidden)
		add(p+"self_attn.q_proj.weight", s.Hidden, s.Hidden)
		add(p+"self_attn.k_proj.weight", kv, s.Hidden)
		add(p+"self_attn.v_proj.weight", kv, s.Hidden)
		add(p+"self_attn.o_proj.weight", s.Hidden, s.Hidden)
		add(p+"post_attention_layernorm.weight", s.Hidden)
		add(p+"mlp.gate_proj.weight", s.Intermediate, s.Hidden)
		add(p+"mlp.up_proj.weight", s.Intermediate, s.Hidden)
		add(p+"mlp.down_proj.weight", s.Hidden, s.Intermediate)
	}
	add("model.norm.weight", s.Hidden)
	add("lm_head.weight", s.Vocab, s.Hidden)
	return ts
}

// Write makes a model folder: config.json and model.safetensors. Matrices are normal with the variance
// 1/inputs, which keeps signals of one size through any number of layers; norms are ones.
func Write(dir string, s Shape, seed uint64) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	names := map[tensor.DType]string{tensor.F16: "float16", tensor.BF16: "bfloat16", tensor.F32: "float32"}
	config, err := json.MarshalIndent(map[string]any{
		"architectures": []string{"LlamaForCausalLM"}, "model_type": "llama", "hidden_act": "silu",
		"vocab_size": s.Vocab, "hidden_size": s.Hidden, "intermediate_size": s.Intermediate, "num_hidden_layers": s.Layers,
		"num_attention_heads": s.Heads, "num_key_value_heads": s.KVHeads, "max_position_embeddings": s.Positions,
		"rms_norm_eps": 1e-5, "tie_word_embeddings": false, "torch_dtype": names[s.DType],
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), append(config, '\n'), 0o666); err != nil {
		return err
	}
	return create(filepath.Join(dir, "model.safetensors"), func(w io.Writer) error { return s.weights(w, seed) })
}

func create(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (s Shape) weights(w io.Writer, seed uint64) error {
	ts := s.tensors()
	if err := safetensors.Layout(ts); err != nil {
		return err
	}
	header, err := safetensors.EncodeHeader(ts, map[string]string{"format": "pt"})
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(seed, 0x626967))
	buf := make([]byte, 0, 1<<16)
	for _, t := range ts {
		table, err := normals(t, s.DType)
		if err != nil {
			return err
		}
		size := s.DType.Size()
		for left := t.End - t.Start; left > 0; left -= int64(len(buf)) {
			buf = buf[:0]
			for n := min(left, int64(cap(buf))); int64(len(buf)) < n; {
				v := rng.Uint64()
				for k := 0; k < 64/tableBits && int64(len(buf)) < n; k++ {
					at := int(v>>(k*tableBits)&(1<<tableBits-1)) * size
					buf = append(buf, table[at:at+size]...)
				}
			}
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
	}
	return nil
}

// tableBits is how many random bits choose a value: as many values occur in a matrix as there are
// numbers of that many bits.
const tableBits = 16

// normals returns the quantiles of the distribution of a tensor's elements, encoded.
func normals(t safetensors.Tensor, d tensor.DType) ([]byte, error) {
	values := make([]float32, 1<<tableBits)
	for i := range values {
		values[i] = 1
		if len(t.Shape) == 2 {
			p := (float64(i) + 0.5) / float64(len(values))
			values[i] = float32(math.Sqrt2 * math.Erfinv(2*p-1) / math.Sqrt(float64(t.Shape[1])))
		}
	}
	b := make([]byte, len(values)*d.Size())
	return b, tensor.Encode(b, values, d)
}

// WriteWindows writes n windows of length random ids each as a .jsonl file of calibration windows. The
// ids follow a law in which few words are frequent, like those of texts.
func WriteWindows(path string, n, length, vocab int, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 0x696473))
	zipf := rand.NewZipf(rng, 1.2, 8, uint64(vocab-1))
	return create(path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		ids := make([]uint64, length)
		for range n {
			for i := range ids {
				ids[i] = zipf.Uint64()
			}
			if err := enc.Encode(map[string]any{"input_ids": ids}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Parameters is the number of weights of the shape.
func (s Shape) Parameters() (n int64) {
	for _, t := range s.tensors() {
		size := int64(1)
		for _, d := range t.Shape {
			size *= int64(d)
		}
		n += size
	}
	return n
}
