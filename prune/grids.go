package prune

import (
	"fmt"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/tensor"
)

// GridFile is the file of a model folder that holds the grids of rounded weights, in the format
// safetensors. Its name does not end so, because there are programs that load every file which does as
// weights.
const GridFile = "quantization.st"

// Suffixes of the names of the tensors that hold the grids of a matrix.
const (
	scalesPart = ".scales"
	zerosPart  = ".zeros"
)

// RawSink is a [Sink] that takes the grids of rounded weights as well: the tensors that GridTensors
// lists, row-major and little endian. Other sinks get the weights alone.
type RawSink interface {
	Sink
	PutRaw(name string, b []byte) error
}

// GridTensor is a tensor of GridFile.
type GridTensor struct {
	Name  string
	DType tensor.DType
	Shape []int
}

// GridTensors lists what a run with these options puts into GridFile, of each matrix NAME [out, in]
//
//	NAME.scales  F32 [out, groups]
//	NAME.zeros   U8 [out, groups]
//
// and nothing without Quantize.
func GridTensors(m *models.Model, o Options) (list []GridTensor, err error) {
	if err := o.check(m); err != nil || o.Quantize == nil {
		return nil, err
	}
	selected, err := o.selection(m)
	if err != nil {
		return nil, err
	}
	for _, linears := range selected {
		for _, lin := range linears {
			name, shape := m.TensorName(lin.Weight), []int{lin.Out(), o.Quantize.Groups(lin.In())}
			list = append(list, GridTensor{name + scalesPart, tensor.F32, shape}, GridTensor{name + zerosPart, tensor.U8, shape})
		}
	}
	return list, nil
}

// Grid returns the grids that a matrix of a report is on, nil when it is on none. read returns the bytes
// of a tensor of GridFile; it is not called for reports of former versions, which hold the grids
// themselves.
func (t *TensorReport) Grid(read func(tensor string) ([]byte, error)) (*quant.Grid, error) {
	if t.Quantization == nil {
		return nil, nil
	}
	r := *t.Quantization
	if r.Scales == nil {
		for suffix, b := range map[string]*[]byte{scalesPart: &r.Scales, zerosPart: &r.Zeros} {
			var err error
			if *b, err = read(t.Name + suffix); err != nil {
				return nil, err
			}
		}
	}
	if len(t.Shape) != 2 {
		return nil, fmt.Errorf("tensor %s: grids of a matrix of shape %v", t.Name, t.Shape)
	}
	g, err := r.Grid(t.Shape[0], t.Shape[1])
	if err != nil {
		return nil, fmt.Errorf("tensor %s: %w", t.Name, err)
	}
	return g, nil
}

// putGrid hands the grids of a matrix to the sink, if it wants them.
func (r *run) putGrid(lin *nn.Linear, g *quant.Grid) error {
	out, ok := r.out.(RawSink)
	if !ok || g == nil {
		return nil
	}
	name, scales, zeros := r.model.TensorName(lin.Weight), g.ScaleBytes(), g.Zeros
	if err := out.PutRaw(name+scalesPart, scales); err != nil {
		return err
	}
	return out.PutRaw(name+zerosPart, zeros)
}

// gridSums returns the checksums of the grids of rounded matrices.
func (r *run) gridSums(linears []*nn.Linear) (map[string]string, error) {
	sums := map[string]string{}
	for _, lin := range linears {
		if !r.onGrid[lin] {
			continue
		}
		for _, suffix := range []string{scalesPart, zerosPart} {
			name := r.model.TensorName(lin.Weight) + suffix
			s, err := r.keeper.Sum(name)
			if err != nil {
				return nil, err
			}
			sums[name] = s
		}
	}
	return sums, nil
}

// recallGrids counts the grids of a layer that an earlier process has pruned as put.
func (r *run) recallGrids(rec *layerRecord) error {
	for name, sum := range rec.Grids {
		if err := r.keeper.StoredRaw(name, sum); err != nil {
			return fmt.Errorf("resume: %w", err)
		}
	}
	return nil
}
