package packcmd

import (
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/command"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/modelname"
	"github.com/adagp/adagp/cmd/cli/output"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/models"
)

// Command returns the command pack.
func Command(p *session.Process) *cli.Command {
	return command.New(p, command.Command{
		Name:     "pack",
		Summary:  "store a pruned model without its zeros, or with them again",
		Synopsis: exit.Program + " pack --model DIR --out DIR [flags]",
		Description: `Each matrix is stored in the smallest layout: a bitmask with the weights that are not zero, or
2:4 indices with two weights of every four; dense where there are too few zeros to pay. Nothing is
lost: --unpack gives back every weight to the bit. Every command takes a packed folder as a model, and
generate works from the packed weights: less disk, less memory, with AVX-512 also more tokens per second.`,
		Flags: []flags.Flag{
			flags.Model(),
			{Name: "out", Argument: "DIR", Usage: "output folder DIR (required)"},
			{Name: "unpack", Usage: "the same as --layout dense: every weight is written again", Kind: flags.Switch, Means: "layout=dense"},
			{Name: "layout", Argument: "NAME", Usage: "NAME of the layout: auto, bitmask, 2:4 (where the matrix has it) or dense", Default: "auto"},
			{Name: "dtype", Argument: "TYPE", Usage: "TYPE of the written weights: keep, float32, float16 or bfloat16", Default: "keep"},
			flags.Force(),
		},
		Examples: []string{
			"pack --model demo:llama --out packed --dtype bfloat16",
			"pack --model packed --out dense --unpack",
		},
		Without: []string{"seed"},
		Run:     runPack,
	})
}

// Result is the JSON of docs/contract.md.
type Result struct {
	Model       string         `json:"model"`
	Out         string         `json:"out"`
	Layout      string         `json:"layout"`
	Matrices    []packedMatrix `json:"matrices"`
	Packed      packedTotals   `json:"packed"`
	BytesBefore int64          `json:"bytes_before"`
	BytesAfter  int64          `json:"bytes_after"`
	Seconds     float64        `json:"seconds"`
}

// packedMatrix is how one matrix is stored in the output.
type packedMatrix struct {
	Name        string  `json:"name"`
	Shape       []int   `json:"shape"`
	DType       string  `json:"dtype"`
	Layout      string  `json:"layout"`
	Zeros       int     `json:"zeros"`
	Sparsity    float64 `json:"sparsity"`
	DenseBytes  int64   `json:"dense_bytes"`
	StoredBytes int64   `json:"stored_bytes"`
}

// packedTotals sums over the matrices that are not dense in the output.
type packedTotals struct {
	Matrices    int     `json:"matrices"`
	Weights     int     `json:"weights"`
	Zeros       int     `json:"zeros"`
	DenseBytes  int64   `json:"dense_bytes"`
	StoredBytes int64   `json:"stored_bytes"`
	Ratio       float64 `json:"ratio"` // stored ÷ dense, 0 when there are none
}

// packLayouts are the values of --layout.
var packLayouts = map[string]checkpoint.Layout{
	"auto": "", "bitmask": checkpoint.Bitmask, "2:4": checkpoint.Semi, "dense": checkpoint.Dense,
}

func runPack(s *session.Session, c *cli.Context) error {
	model, err := flags.Required(c, "model")
	if err != nil {
		return err
	}
	out, err := flags.Required(c, "out")
	if err != nil {
		return err
	}
	name := c.String("layout")
	layout, ok := packLayouts[name]
	if !ok {
		return exit.Usagef("--layout %q: want auto, bitmask, 2:4 or dense", name)
	}
	dtype, err := output.ParseDType(c.String("dtype"))
	if err != nil {
		return err
	}
	if err := output.CheckModel(out, []string{model}); err != nil {
		return err
	}
	folder, err := modelname.Resolve(s, model)
	if err != nil {
		return err
	}
	m, err := models.Open(folder)
	if err != nil {
		return err
	}
	defer m.Close()
	res := &Result{Model: model, Out: out, Layout: name}
	if err := pack(s, res, m, checkpoint.PackOptions{Layout: layout, DType: dtype, Force: c.Bool("force"), Log: s.Log}); err != nil {
		return err
	}
	return s.Result(res, res.write)
}

// pack writes the folder and fills in the result.
func pack(s *session.Session, res *Result, m *models.Model, o checkpoint.PackOptions) error {
	start := time.Now()
	t := s.Progress.StartShares("packing")
	defer t.End()
	o.Progress = func(done, total int) { t.Share(float64(done)/float64(total), "") }
	p, err := checkpoint.NewPacker(s.Ctx, res.Out, m.Reader, m.FS, o)
	if err != nil {
		if s.Ctx.Err() != nil {
			return err
		}
		return output.Error(res.Out, err, false)
	}
	f, err := output.Guard(s, res.Out, p.Writer, m, o.DType, false)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := p.Write(s.Ctx); err != nil {
		return err
	}
	if err := f.Complete(s); err != nil {
		return err
	}
	for _, x := range p.Matrices() {
		res.add(x)
	}
	if t := &res.Packed; t.Matrices > 0 {
		t.Ratio = float64(t.StoredBytes) / float64(t.DenseBytes)
	}
	res.BytesBefore, res.BytesAfter = m.Reader.Bytes(), p.Bytes()
	res.Seconds = time.Since(start).Seconds()
	return nil
}

// add enters a matrix.
func (r *Result) add(x checkpoint.PackedMatrix) {
	weights := x.Shape[0] * x.Shape[1]
	r.Matrices = append(r.Matrices, packedMatrix{
		Name: x.Name, Shape: x.Shape, DType: x.DType.String(), Layout: string(x.Layout),
		Zeros: x.Zeros, Sparsity: format.Share(x.Zeros, weights), DenseBytes: x.Dense, StoredBytes: x.Stored,
	})
	if x.Layout == checkpoint.Dense {
		return
	}
	t := &r.Packed
	t.Matrices++
	t.Weights += weights
	t.Zeros += x.Zeros
	t.DenseBytes += x.Dense
	t.StoredBytes += x.Stored
}

func (r *Result) write(w io.Writer) {
	t := format.Table{Head: []string{"matrix", "type", "layout", "shape", "zeros", "dense", "stored", "of dense"}, Left: 3}
	for _, m := range r.Matrices {
		t.Add(m.Name, m.DType, m.Layout, format.Shape(m.Shape), format.Percent(m.Sparsity),
			format.Bytes(m.DenseBytes), format.Bytes(m.StoredBytes), fmt.Sprintf("%.3f", float64(m.StoredBytes)/float64(max(1, m.DenseBytes))))
	}
	t.Write(w)
	fmt.Fprintln(w)
	if p := r.Packed; p.Matrices > 0 {
		fmt.Fprintf(w, "%d of %d matrices are packed (%s zeros): %s instead of %s, %.3f of dense\n",
			p.Matrices, len(r.Matrices), format.Percent(format.Share(p.Zeros, p.Weights)), format.Bytes(p.StoredBytes), format.Bytes(p.DenseBytes), p.Ratio)
	} else {
		fmt.Fprintf(w, "all %d matrices are dense\n", len(r.Matrices))
	}
	fmt.Fprintf(w, "weight files: %s before, %s after; the model is in %s (%s)\n",
		format.Bytes(r.BytesBefore), format.Bytes(r.BytesAfter), r.Out, format.Seconds(r.Seconds))
}
