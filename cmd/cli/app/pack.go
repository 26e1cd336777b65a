package app

import (
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/models"
)

func packCommand(r *run) *cli.Command {
	return command(&cli.Command{
		Name:      "pack",
		Usage:     "store a pruned model without its zeros, or with them again",
		UsageText: programName + " pack --model DIR --out DIR [flags]",
		Description: `Each matrix is stored in the smallest layout: a bitmask with the weights that are not zero, or
2:4 indices with two weights of every four; dense where there are too few zeros to pay. Nothing is
lost: --unpack gives back every weight to the bit. Every command takes a packed folder as a model, and
generate works from the packed weights: less disk, less memory, with AVX-512 also more tokens per second.`,
		Flags: []cli.Flag{
			modelFlag(),
			&cli.StringFlag{Name: "out", Usage: "output folder `DIR` (required)"},
			&cli.BoolFlag{Name: "unpack", Usage: "write dense matrices again", DisableDefaultText: true},
			&cli.StringFlag{Name: "layout", Usage: "`NAME` of the layout: auto, bitmask, 2:4 (where the matrix has it) or dense", Value: "auto"},
			&cli.StringFlag{Name: "dtype", Usage: "`TYPE` of the written weights: keep, float32, float16 or bfloat16", Value: "keep"},
			&cli.BoolFlag{Name: "force", Usage: "replace an existing output folder", DisableDefaultText: true},
		},
		Action: r.action(runPack),
	},
		"pack --model demo:llama --out packed --dtype bfloat16",
		"pack --model packed --out dense --unpack",
	)
}

// packResult is the JSON of docs/contract.md.
type packResult struct {
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

func runPack(s *session, c *cli.Context) error {
	model, err := required(c, "model")
	if err != nil {
		return err
	}
	out, err := required(c, "out")
	if err != nil {
		return err
	}
	name := c.String("layout")
	layout, ok := packLayouts[name]
	if !ok {
		return usagef("--layout %q: want auto, bitmask, 2:4 or dense", name)
	}
	if c.Bool("unpack") {
		if c.IsSet("layout") && layout != checkpoint.Dense {
			return usagef("--unpack and --layout %s exclude each other", name)
		}
		name, layout = "dense", checkpoint.Dense
	}
	dtype, err := parseDType(c.String("dtype"))
	if err != nil {
		return err
	}
	if err := checkOutModel(out, []string{model}); err != nil {
		return err
	}
	m, err := models.Open(model)
	if err != nil {
		return err
	}
	defer m.Close()
	res := &packResult{Model: model, Out: out, Layout: name}
	if err := s.pack(res, m, checkpoint.PackOptions{Layout: layout, DType: dtype, Force: c.Bool("force"), Log: s.log}); err != nil {
		return err
	}
	return s.result(res, res.write)
}

// pack writes the folder and fills in the result.
func (s *session) pack(res *packResult, m *models.Model, o checkpoint.PackOptions) error {
	start := time.Now()
	t := s.progress.StartShares("packing")
	defer t.End()
	o.Progress = func(done, total int) { t.Share(float64(done)/float64(total), "") }
	p, err := checkpoint.NewPacker(s.ctx, res.Out, m.Reader, m.FS, o)
	if err != nil {
		if s.ctx.Err() != nil {
			return err
		}
		return outError(res.Out, err, false)
	}
	f, err := s.guardFolder(res.Out, p.Writer, m, o.DType, false)
	if err != nil {
		return err
	}
	defer f.abort()
	if err := p.Write(s.ctx); err != nil {
		return err
	}
	if err := f.commit(s); err != nil {
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
func (r *packResult) add(x checkpoint.PackedMatrix) {
	weights := x.Shape[0] * x.Shape[1]
	r.Matrices = append(r.Matrices, packedMatrix{
		Name: x.Name, Shape: x.Shape, DType: x.DType.String(), Layout: string(x.Layout),
		Zeros: x.Zeros, Sparsity: share(x.Zeros, weights), DenseBytes: x.Dense, StoredBytes: x.Stored,
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

func (r *packResult) write(w io.Writer) {
	t := format.Table{Head: []string{"matrix", "type", "layout", "shape", "zeros", "dense", "stored", "of dense"}, Left: 3}
	for _, m := range r.Matrices {
		t.Add(m.Name, m.DType, m.Layout, format.Shape(m.Shape), format.Percent(m.Sparsity),
			format.Bytes(m.DenseBytes), format.Bytes(m.StoredBytes), fmt.Sprintf("%.3f", float64(m.StoredBytes)/float64(max(1, m.DenseBytes))))
	}
	t.Write(w)
	fmt.Fprintln(w)
	if p := r.Packed; p.Matrices > 0 {
		fmt.Fprintf(w, "%d of %d matrices are packed (%s zeros): %s instead of %s, %.3f of dense\n",
			p.Matrices, len(r.Matrices), format.Percent(share(p.Zeros, p.Weights)), format.Bytes(p.StoredBytes), format.Bytes(p.DenseBytes), p.Ratio)
	} else {
		fmt.Fprintf(w, "all %d matrices are dense\n", len(r.Matrices))
	}
	fmt.Fprintf(w, "weight files: %s before, %s after; the model is in %s (%s)\n",
		format.Bytes(r.BytesBefore), format.Bytes(r.BytesAfter), r.Out, format.Seconds(r.Seconds))
}
