package models_test

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// The model computes the same from what is stored as from values widened beforehand.
func TestLoadStored(t *testing.T) {
	for _, g := range goldenModels {
		t.Run(g.name, func(t *testing.T) {
			path := g.path
			if path == "" {
				path = golden.Path("models/" + g.name)
			}
			m, dense, mapped := open(t, path), openLoaded(t, path), open(t, path)
			if err := m.LoadStored(m.Walk); err != nil {
				t.Fatal(err)
			}
			if err := mapped.LoadMapped(mapped.Walk); err != nil {
				t.Fatal(err)
			}
			stored := 0
			for _, p := range nn.Params(m.Walk) {
				if matrix := len(p.Shape) == 2; (p.Held() != nil) != matrix || (p.Value() != nil) == matrix {
					t.Errorf("%s of shape %v: stored %v, as values %v", p.Name, p.Shape, p.Held() != nil, p.Value() != nil)
				} else if matrix {
					stored++
				}
			}
			if stored < 10 {
				t.Errorf("%d matrices, want more", stored)
			}
			rng := newRNG(3)
			for _, length := range []int{1, min(m.Config().MaxPositions, 50)} {
				ids := make([]int, length)
				for i := range ids {
					ids[i] = rng.IntN(m.Config().VocabSize)
				}
				got := models.Forward(&nn.Context{}, m, [][]int{ids}).Value
				checkClose(t, "logits, mapped", models.Forward(&nn.Context{}, mapped, [][]int{ids}).Value, got, 0)
				// Only the order of sums may differ.
				checkClose(t, "logits", got, models.Forward(&nn.Context{}, dense, [][]int{ids}).Value, 1e-4)
			}
			m.Unload(m.Walk)
			for _, p := range nn.Params(m.Walk) {
				if p.Held() != nil || p.Value() != nil {
					t.Errorf("%s is still there after Unload", p.Name)
				}
			}
		})
	}
}

// TestLoadWidened: whatever the number of tokens, the logits are those of the float32 weights to the last bit.
func TestLoadWidened(t *testing.T) {
	for _, g := range goldenModels {
		t.Run(g.name, func(t *testing.T) {
			path := g.path
			if path == "" {
				path = golden.Path("models/" + g.name)
			}
			m, dense := open(t, path), openLoaded(t, path)
			if err := m.LoadWidened(m.Walk); err != nil {
				t.Fatal(err)
			}
			rng := newRNG(3)
			for _, length := range []int{1, 2, 5, 16, min(m.Config().MaxPositions, 50)} {
				ids := make([]int, length)
				for i := range ids {
					ids[i] = rng.IntN(m.Config().VocabSize)
				}
				got := models.Forward(&nn.Context{}, m, [][]int{ids}).Value
				checkClose(t, "logits", got, models.Forward(&nn.Context{}, dense, [][]int{ids}).Value, 0)
			}
		})
	}
}

func TestLoadStoredRejectsNonFinite(t *testing.T) {
	const name = "model.layers.1.mlp.up_proj.weight"
	for _, folder := range []string{"rand-llama-tied", "rand-llama-bias", "rand-llama3"} { // F32, F16, BF16
		for _, value := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for _, fromEnd := range []int{1, 2, 3, 17} {
				m, err := models.OpenFS(withTensors(t, folder, func(all map[string]stored) {
					x := all[name]
					d, err := tensor.ParseDType(x.dtype)
					if err != nil {
						t.Fatal(err)
					}
					b := make([]byte, d.Size())
					if err := tensor.Encode(b, []float32{float32(value)}, d); err != nil {
						t.Fatal(err)
					}
					copy(x.data[len(x.data)-fromEnd*d.Size():], b)
				}), "folder")
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				wantError(t, m.LoadStored(m.Layers()[1].Walk), "folder", name, "index")
				m.Layers()[1].Walk(func(p *nn.Param) {
					if p.Value() != nil || p.Held() != nil {
						t.Errorf("%s is loaded after the error", p.Name)
					}
				})
			}
		}
	}
}

// The largest finite numbers are no infinities, and their neighbours do not make them so.
func TestLoadStoredTakesLargeValues(t *testing.T) {
	const name = "model.layers.1.mlp.up_proj.weight"
	for folder, largest := range map[string][]byte{
		"rand-llama-tied": {0xff, 0xff, 0x7f, 0x7f}, "rand-llama-bias": {0xff, 0x7b}, "rand-llama3": {0x7f, 0x7f},
	} {
		m, err := models.OpenFS(withTensors(t, folder, func(all map[string]stored) {
			x := all[name].data
			for i := 0; i+8 <= len(x); i += 8 {
				copy(x[i:], largest)
				binary.LittleEndian.PutUint16(x[i+6:], binary.LittleEndian.Uint16(largest[len(largest)-2:])|0x8000)
			}
		}), "folder")
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := m.LoadStored(m.Layers()[1].Walk); err != nil {
			t.Errorf("%s: %v", folder, err)
		}
	}
}

// Whoever needs the values of a stored matrix gets them.
func TestStoredOnTape(t *testing.T) {
	path := golden.Path("models/rand-llama3")
	m := open(t, path)
	if err := m.LoadStored(m.Walk); err != nil {
		t.Fatal(err)
	}
	ids := [][]int{{1, 2, 3}}
	want := models.Forward(&nn.Context{}, openLoaded(t, path), ids).Value
	checkClose(t, "logits", models.Forward(&nn.Context{Tape: autograd.NewTape()}, m, ids).Value, want, 1e-4)
}
