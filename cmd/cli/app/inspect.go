package app

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

func inspectCommand(r *run) *cli.Command {
	return command(&cli.Command{
		Name:      "inspect",
		Usage:     "list a model's tensors, their sparsity and N:M patterns",
		UsageText: programName + " inspect --model DIR [flags]",
		Description: `Reads headers and scans the stored bytes; the model is not loaded into memory. "nm" is the
tightest of 1:4, 2:4, 3:4 and 4:8 (N zeros in every M neighbours of a row) that a matrix satisfies.`,
		Flags:  []cli.Flag{modelFlag()},
		Action: r.action(runInspect),
	},
		"inspect --model demo:opt",
		"inspect --model pruned --json",
	)
}

// inspectResult is the JSON of docs/contract.md. The pruned matrices are summed up apart, because
// embeddings, which are never pruned, hide the sparsity of small models.
type inspectResult struct {
	Architecture string           `json:"architecture"`
	Parameters   int              `json:"parameters"`
	Bytes        int64            `json:"bytes"`
	StoredBytes  int64            `json:"stored_bytes"` // less than bytes in a packed folder
	Sparsity     float64          `json:"sparsity"`
	Decoder      zeroTotals       `json:"decoder"`
	Tensors      []inspectedParam `json:"tensors"`
}

// zeroTotals sums over the linear layers of the decoder.
type zeroTotals struct {
	Weights  int     `json:"weights"`
	Zeros    int     `json:"zeros"`
	Sparsity float64 `json:"sparsity"`
}

type inspectedParam struct {
	Name     string  `json:"name"`
	Shape    []int   `json:"shape"`
	DType    string  `json:"dtype"`
	Layout   string  `json:"layout"`
	Zeros    int     `json:"zeros"`
	Sparsity float64 `json:"sparsity"`
	NM       string  `json:"nm"`
}

func runInspect(s *session, c *cli.Context) error {
	m, err := openModel(c)
	if err != nil {
		return err
	}
	defer m.Close()
	res, err := s.inspect(m)
	if err != nil {
		return err
	}
	return s.result(res, res.write)
}

// inspect scans the stored tensors of m one after the other.
func (s *session) inspect(m *models.Model) (*inspectResult, error) {
	res := &inspectResult{Architecture: m.Config().Architecture, Parameters: countParameters(m)}
	decoder := decoderTensors(m)
	names := m.Reader.Names()
	t := s.progress.Start("scanning", len(names), "tensors")
	defer t.End()
	elements, zeros := 0, 0
	for i, name := range names {
		if err := s.ctx.Err(); err != nil {
			return nil, err
		}
		info, ok := m.Reader.Info(name)
		if !ok {
			return nil, fmt.Errorf("tensor %s: no header", name)
		}
		scan := checkpoint.Zeros{NM: "none"} // of a type that is only carried
		if info.DType != tensor.Opaque {
			var err error
			if scan, err = m.Reader.Zeros(name); err != nil {
				return nil, err
			}
		}
		res.Bytes += info.Bytes
		res.StoredBytes += info.Stored
		elements += scan.Elements
		zeros += scan.Zeros
		if decoder[name] {
			res.Decoder.Weights += scan.Elements
			res.Decoder.Zeros += scan.Zeros
		}
		res.Tensors = append(res.Tensors, inspectedParam{
			Name: name, Shape: info.Shape, DType: info.Type(), Layout: string(info.Layout),
			Zeros: scan.Zeros, Sparsity: share(scan.Zeros, scan.Elements), NM: scan.NM,
		})
		t.Tick(i + 1)
	}
	res.Sparsity = share(zeros, elements)
	res.Decoder.Sparsity = share(res.Decoder.Zeros, res.Decoder.Weights)
	return res, nil
}

// countParameters counts what the architecture has, tied weights once.
func countParameters(m models.CausalLM) int {
	n := 0
	seen := map[*nn.Param]bool{}
	m.Walk(func(p *nn.Param) {
		if seen[p] {
			return
		}
		seen[p] = true
		size := 1
		for _, d := range p.Shape {
			size *= d
		}
		n += size
	})
	return n
}

// decoderTensors returns the stored names of the weights of the decoder's linear layers.
func decoderTensors(m *models.Model) map[string]bool {
	names := map[string]bool{}
	for _, l := range m.Layers() {
		for _, lin := range l.Linears() {
			names[m.TensorName(lin.Weight)] = true
		}
	}
	return names
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func (r *inspectResult) write(w io.Writer) {
	fmt.Fprintf(w, "%s, %s parameters, %s", r.Architecture, format.Count(r.Parameters), format.Bytes(r.Bytes))
	if r.StoredBytes < r.Bytes {
		fmt.Fprintf(w, ", packed in %s", format.Bytes(r.StoredBytes))
	}
	fmt.Fprintln(w)
	fmt.Fprintf(w, "zeros: %s of the decoder's matrices, %s of all tensors\n\n", format.Percent(r.Decoder.Sparsity), format.Percent(r.Sparsity))
	t := format.Table{Head: []string{"tensor", "shape", "type", "layout", "zeros", "sparsity", "N:M"}, Left: 1}
	for _, p := range r.Tensors {
		t.Add(p.Name, format.Shape(p.Shape), p.DType, p.Layout, format.Count(p.Zeros), format.Percent(p.Sparsity), p.NM)
	}
	t.Write(w)
}
