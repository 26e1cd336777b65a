package prunepage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/report"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/generate"
	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor/packed"
)

// deployment is what a pruned model is good for: its sizes on disk, and its speed.
type deployment struct {
	before, after int64 // weight files of the input and of the output, bytes
	packed        int64 // the output's, were it packed
	matrices      []checkpoint.PackedMatrix
	speed         *decodeSpeed // nil: not measured
	noSpeed       string       // why not
}

// decodeSpeed is in tokens per second.
type decodeSpeed struct {
	dense, packed float64
	tokens        int // per round
}

// Bounds of the measurement, which is to be short.
const (
	speedTokens   = 64
	speedRounds   = 3               // at least
	speedEnough   = 2 * time.Second // no more rounds after that
	speedTime     = 4 * time.Second
	maxSpeedBytes = 1 << 30 // weights of a larger model take longer to read than the measurement
)

// deploy looks at the model that was pruned and at the one that came of it.
func deploy(ctx context.Context, run Run) (*deployment, error) {
	old, err := models.Open(run.Model)
	if err != nil {
		return nil, err
	}
	defer old.Close()
	pruned, err := models.Open(run.Out)
	if err != nil {
		return nil, err
	}
	defer pruned.Close()
	d := &deployment{before: old.Reader.Bytes(), after: pruned.Reader.Bytes()}
	if d.matrices, err = checkpoint.Packing(ctx, pruned.Reader, checkpoint.PackOptions{}); err != nil {
		return nil, err
	}
	d.packed = d.after
	for _, m := range d.matrices {
		d.packed += m.Stored - m.Dense
	}
	switch {
	case !run.Speed:
		d.noSpeed = "It was not asked for (--no-speed)."
	case d.before > maxSpeedBytes, run.Memory > 0 && 2*d.before > run.Memory:
		d.noSpeed = `The models are too large for a quick figure; "cli pack" and "cli generate" tell.`
	default:
		if d.speed, err = measureSpeed(ctx, old, pruned); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			d.noSpeed = err.Error()
		}
	}
	return d, nil
}

// measureSpeed decodes with both models in turn, the dense one as it is stored and the pruned one with
// the matrices packed for which that is faster, and returns the best rates.
func measureSpeed(parent context.Context, dense, pruned *models.Model) (*decodeSpeed, error) {
	ctx, cancel := context.WithTimeout(parent, speedTime)
	defer cancel()
	for _, m := range []*models.Model{dense, pruned} {
		if err := m.LoadStored(m.Walk); err != nil {
			return nil, err
		}
	}
	for _, p := range nn.Params(pruned.Walk) {
		if plain, ok := p.Held().(*packed.Plain); ok {
			out, in := plain.Shape()
			p.Hold(packed.Choose(plain.DType(), out, in, plain.Data()))
		}
	}
	v := &decodeSpeed{tokens: min(speedTokens, dense.Config().MaxPositions-1)}
	if v.tokens < 2 {
		return nil, errors.New("the model's context is too short to measure")
	}
	start := time.Now()
	for round := 0; round < speedRounds || time.Since(start) < speedEnough; round++ {
		for _, x := range []struct {
			m    *models.Model
			rate *float64
		}{{dense, &v.dense}, {pruned, &v.packed}} {
			_, stats, err := generate.Run(ctx, x.m, noText{}, [][]int{{0}}, generate.Options{MaxTokens: v.tokens})
			*x.rate = max(*x.rate, stats.DecodeRate())
			switch {
			case parent.Err() != nil:
				return nil, parent.Err()
			case ctx.Err() != nil && v.dense > 0 && v.packed > 0:
				return v, nil
			case err != nil:
				return nil, fmt.Errorf("no speed within %v: %w", speedTime, err)
			}
		}
	}
	return v, nil
}

// noText is the tokenizer of a text that nobody reads.
type noText struct{}

func (noText) Decode([]int) string { return "" }

// sections shows sizes and speed.
func (d *deployment) sections() []report.Section {
	size := report.Section{
		Title: "Size on disk",
		Note:  `All weight files. Pruning alone does not make them smaller, "cli pack" leaves out the zeros of matrices for which that pays; nothing is lost.`,
		Charts: []report.Chart{report.Bars{Title: "Weight files", Items: []report.Bar{
			{Label: "before", Value: float64(d.before), Text: format.Bytes(d.before), Base: true},
			{Label: "pruned", Value: float64(d.after), Text: format.Bytes(d.after)},
			{Label: "packed", Value: float64(d.packed), Text: format.Bytes(d.packed)},
		}}},
		Table: &format.Table{Head: []string{"tensor", "type", "layout", "dense", "packed", "of dense"}, Left: 3}, Folded: true,
	}
	for _, m := range d.matrices {
		size.Table.Rows = append(size.Table.Rows, []string{m.Name, m.DType.String(), string(m.Layout), format.Bytes(m.Dense), format.Bytes(m.Stored), fmt.Sprintf("%.3f", float64(m.Stored)/float64(max(1, m.Dense)))})
	}
	speed := report.Section{Title: "Speed", Note: "Tokens per second were not measured. " + d.noSpeed}
	if v := d.speed; v != nil {
		speed.Note = fmt.Sprintf("A quick figure, the best of some rounds of %d tokens, one text at a time, on %d threads, on the machine that pruned; a small model says little, as reading weights is not what takes its time.", v.tokens, parallel.Threads())
		speed.Charts = []report.Chart{report.Bars{Title: "Decoding, in tokens per second", Items: []report.Bar{
			{Label: "before", Value: v.dense, Text: formatRate(v.dense), Base: true},
			{Label: "packed", Value: v.packed, Text: formatRate(v.packed)},
		}}}
	}
	return []report.Section{size, speed}
}

func formatRate(v float64) string {
	if v < 100 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}
