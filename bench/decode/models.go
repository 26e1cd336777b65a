package main

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/internal/bigmodel"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// variant is one way of storing the model.
type variant struct {
	name   string
	dtype  tensor.DType
	zeros  float64 // share of zeros in the matrices
	layout checkpoint.Layout
}

var variants = []variant{
	{"float32", tensor.F32, 0, checkpoint.Dense},
	{"bfloat16", tensor.BF16, 0, checkpoint.Dense},
	{"bfloat16-packed-50", tensor.BF16, 0.5, checkpoint.Bitmask},
	{"bfloat16-packed-70", tensor.BF16, 0.7, checkpoint.Bitmask},
	{"bfloat16-packed-80", tensor.BF16, 0.8, checkpoint.Bitmask},
	{"bfloat16-packed-90", tensor.BF16, 0.9, checkpoint.Bitmask},
	{"float32-packed-70", tensor.F32, 0.7, checkpoint.Bitmask},
	{"bfloat16-2-4", tensor.BF16, 0, checkpoint.Semi},
}

// prepare writes those models that are not there yet.
func prepare(ctx context.Context, dir string) error {
	for _, v := range variants {
		path := filepath.Join(dir, v.name)
		if _, err := os.Stat(path); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		shape := bigmodel.Shape{Hidden: 768, Intermediate: 2048, Layers: 12, Heads: 12, KVHeads: 12, Vocab: 32000, Positions: 2048, DType: v.dtype}
		if v.layout == checkpoint.Dense {
			if err := bigmodel.Write(path, shape, 1); err != nil {
				return err
			}
			continue
		}
		if err := v.prune(ctx, filepath.Join(dir, map[tensor.DType]string{tensor.F32: "float32", tensor.BF16: "bfloat16"}[v.dtype]), path); err != nil {
			return err
		}
	}
	return nil
}

// prune stores the model in the folder from with zeros, packed.
func (v variant) prune(ctx context.Context, from, path string) error {
	sparse := path + "-dense"
	defer os.RemoveAll(sparse)
	m, err := models.Open(from)
	if err != nil {
		return err
	}
	defer m.Close()
	w, err := checkpoint.NewWriter(sparse, m.Reader, m.FS, checkpoint.WriterOptions{})
	if err != nil {
		return err
	}
	defer w.Abort() //nolint:errcheck // nothing to do after Commit
	rng := rand.New(rand.NewPCG(1, 2))
	embedding := map[*nn.Param]bool{}
	m.EmbedWalk(func(p *nn.Param) { embedding[p] = true })
	for _, p := range nn.Params(m.Walk) {
		if len(p.Shape) != 2 || embedding[p] {
			continue
		}
		t, err := m.Reader.Read(m.TensorName(p))
		if err != nil {
			return err
		}
		x := t.Data()
		for i := range x {
			if v.layout == checkpoint.Semi {
				if i%4 == 0 {
					first := rng.IntN(4)
					x[i+first], x[i+(first+1+rng.IntN(3))%4] = 0, 0
				}
			} else if rng.Float64() < v.zeros {
				x[i] = 0
			}
		}
		if err := w.Put(m.TensorName(p), t); err != nil {
			return err
		}
	}
	if err := w.Commit(); err != nil {
		return err
	}
	fsys := os.DirFS(sparse)
	src, err := checkpoint.Open(fsys)
	if err != nil {
		return err
	}
	defer src.Close()
	p, err := checkpoint.NewPacker(ctx, path, src, fsys, checkpoint.PackOptions{Layout: v.layout})
	if err != nil {
		return err
	}
	defer p.Abort() //nolint:errcheck // nothing to do after Commit
	if err := p.Write(ctx); err != nil {
		return err
	}
	return p.Commit()
}
