package inspectcmd

import (
	"cmp"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/command"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/modelname"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/tensor"
)

// Command returns the command inspect.
func Command(p *session.Process) *cli.Command {
	return command.New(p, command.Command{
		Name:     "inspect",
		Summary:  "list a model's tensors, their sparsity and N:M patterns",
		Synopsis: exit.Program + " inspect --model DIR [flags]",
		Description: `Reads headers and scans the stored bytes; the model is not loaded into memory. "nm" is the
tightest of 1:4, 2:4, 3:4 and 4:8 (N zeros in every M neighbours of a row) that a matrix satisfies.`,
		Flags: []flags.Flag{flags.Model()},
		Examples: []string{
			"inspect --model demo:opt",
			"inspect --model pruned --json",
		},
		Without: []string{"threads", "kernel", "seed"},
		Run:     runInspect,
	})
}

// Result is the JSON of docs/contract.md. The pruned matrices are summed up apart, because
// embeddings, which are never pruned, hide the sparsity of small models.
type Result struct {
	Architecture string     `json:"architecture"` // empty where nothing says it
	Parameters   int        `json:"parameters"`
	Bytes        int64      `json:"bytes"`
	StoredBytes  int64      `json:"stored_bytes"` // less than bytes in a packed folder
	Sparsity     float64    `json:"sparsity"`
	Decoder      zeroTotals `json:"decoder"`
	Tensors      []Tensor   `json:"tensors"`
	// Problem is why the folder is no model that can be used here, and Nearest what it resembles; missing for models.
	Problem string           `json:"problem,omitempty"`
	Nearest *models.Nearness `json:"nearest,omitempty"`
}

// zeroTotals sums over the linear layers of the decoder.
type zeroTotals struct {
	Weights  int     `json:"weights"`
	Zeros    int     `json:"zeros"`
	Sparsity float64 `json:"sparsity"`
}

// Tensor is one tensor of the model.
type Tensor struct {
	Name     string  `json:"name"`
	Shape    []int   `json:"shape"`
	DType    string  `json:"dtype"`
	Layout   string  `json:"layout"`
	Zeros    int     `json:"zeros"`
	Sparsity float64 `json:"sparsity"`
	NM       string  `json:"nm"`
}

func runInspect(s *session.Session, c *cli.Context) error {
	path, err := flags.Required(c, "model")
	if err != nil {
		return err
	}
	if path, err = modelname.Resolve(s, path); err != nil {
		return err
	}
	res, err := &Result{}, error(nil)
	m, problem := models.Open(path)
	if problem == nil {
		defer m.Close()
		res.Architecture, res.Parameters = m.Config().Architecture, models.CountParameters(m)
		err = res.scan(s, m.Reader, decoderTensors(m))
	} else {
		err = res.stranger(s, path, problem)
	}
	if err != nil {
		return err
	}
	return s.Result(res, res.write)
}

// scan looks at the stored tensors, one after the other; decoder names those that pruning touches.
func (res *Result) scan(s *session.Session, r *checkpoint.Reader, decoder map[string]bool) error {
	names := r.Names()
	t := s.Progress.Start("scanning", len(names), "tensors")
	defer t.End()
	elements, zeros := 0, 0
	for i, name := range names {
		if err := s.Ctx.Err(); err != nil {
			return err
		}
		info, ok := r.Info(name)
		if !ok {
			return fmt.Errorf("tensor %s: no header", name)
		}
		scan := checkpoint.Zeros{NM: "none"} // of a type that is only carried
		if info.DType != tensor.Opaque {
			var err error
			if scan, err = r.Zeros(name); err != nil {
				return err
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
		res.Tensors = append(res.Tensors, Tensor{
			Name: name, Shape: info.Shape, DType: info.Type(), Layout: string(info.Layout),
			Zeros: scan.Zeros, Sparsity: format.Share(scan.Zeros, scan.Elements), NM: scan.NM,
		})
		t.Tick(i + 1)
	}
	res.Sparsity = format.Share(zeros, elements)
	res.Decoder.Sparsity = format.Share(res.Decoder.Zeros, res.Decoder.Weights)
	return nil
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

func (r *Result) write(w io.Writer) {
	fmt.Fprintf(w, "%s, %s parameters, %s", cmp.Or(r.Architecture, "no architecture"), format.Count(r.Parameters), format.Bytes(r.Bytes))
	if r.StoredBytes < r.Bytes {
		fmt.Fprintf(w, ", packed in %s", format.Bytes(r.StoredBytes))
	}
	fmt.Fprintln(w)
	if r.Problem == "" {
		fmt.Fprintf(w, "zeros: %s of the decoder's matrices, %s of all tensors\n\n", format.Percent(r.Decoder.Sparsity), format.Percent(r.Sparsity))
	} else {
		r.writeProblem(w)
	}
	t := format.Table{Head: []string{"tensor", "shape", "type", "layout", "zeros", "sparsity", "N:M"}, Left: 1}
	for _, p := range r.Tensors {
		t.Add(p.Name, format.Shape(p.Shape), p.DType, p.Layout, format.Count(p.Zeros), format.Percent(p.Sparsity), p.NM)
	}
	t.Write(w)
}
