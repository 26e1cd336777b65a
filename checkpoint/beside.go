package checkpoint

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/checkpoint/safetensors"
)

// besideSuffix is how the names of safetensors files end that say something about the weights beside them.
// It is not .safetensors, because there are programs that load every file of that name as weights.
const besideSuffix = ".st"

// Beside is such a file of an output. Its tensors come by PutRaw, all of them before Commit.
type Beside struct {
	File    string               // its name ends in .st
	Tensors []safetensors.Tensor // names, types and shapes
}

// plan lays the file out.
func (b *Beside) plan(src *Reader) (shardPlan, error) {
	p := shardPlan{file: b.File, tensors: append([]safetensors.Tensor{}, b.Tensors...), beside: true}
	if !plainName(b.File) || filepath.Ext(b.File) != besideSuffix {
		return p, fmt.Errorf("%s: want a plain file name that ends in %s", blob.Quote(b.File), besideSuffix)
	}
	for _, t := range p.tensors {
		if _, ok := src.Info(t.Name); ok {
			return p, fmt.Errorf("%s: the model has a tensor %s of its own", b.File, blob.Quote(t.Name))
		}
	}
	safetensors.Sort(p.tensors)
	if err := safetensors.Layout(p.tensors); err != nil {
		return p, fmt.Errorf("%s: %w", b.File, err)
	}
	var err error
	if p.header, err = safetensors.EncodeHeader(p.tensors, nil); err != nil {
		return p, fmt.Errorf("%s: %w", b.File, err)
	}
	p.setSize()
	return p, nil
}

// aboutWeights recognises files of a model folder that say how its weights came to be and what they are:
// not true any more beside changed ones.
func aboutWeights(name string) bool {
	return name == pruningFile || strings.HasSuffix(strings.ToLower(name), besideSuffix)
}

// PutRaw fills the place of a tensor of the output with its bytes, row-major and little endian.
func (w *Writer) PutRaw(name string, b []byte) error {
	w.work.RLock()
	defer w.work.RUnlock()
	if w.done {
		return errDone
	}
	s, err := w.claim(name, "the output has no place for a tensor", func(s *slot) error {
		if s.size != int64(len(b)) {
			return fmt.Errorf("put: tensor %s has %d bytes, want %d", blob.Quote(name), len(b), s.size)
		}
		return nil
	})
	if err != nil {
		return err
	}
	out := w.into(s)
	if _, err := out.Write(b); err != nil {
		return w.fail(fmt.Errorf("write %s: %w", s.shard.file, err))
	}
	out.end()
	return nil
}
