package local

import (
	"bytes"
	"encoding/gob"
	"fmt"

	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/sparsity"
	"github.com/adagp/adagp/tensor/linalg"
)

// problemWire is a Problem without its logger, and with statistics of other kinds as their encodings.
type problemWire struct {
	Name         string
	W, H         *linalg.Matrix
	SquaredNorms []float64
	Moments      *calib.WindowMoments
	More         map[string][]byte
	RowWeights   []float64
	Pattern      sparsity.Pattern
	Keep         *sparsity.Mask
	Quantize     *quant.Spec
	Seed         uint64
}

// MarshalBinary implements encoding.BinaryMarshaler, so that another process can solve the problem. The logger
// stays behind.
func (p *Problem) MarshalBinary() ([]byte, error) {
	w := problemWire{p.Name, p.W, p.H, p.SquaredNorms, p.Moments, nil, p.RowWeights, p.Pattern, p.Keep, p.Quantize, p.Seed}
	for name, sum := range p.More {
		b, err := sum.MarshalBinary()
		if err != nil {
			return nil, fmt.Errorf("problem %s: statistic %s: %w", p.Name, name, err)
		}
		if w.More == nil {
			w.More = map[string][]byte{}
		}
		w.More[name] = b
	}
	return encode(w)
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler. Statistics of other kinds are decoded into the sums that
// p.More has under their names beforehand; one that has none there is an error.
func (p *Problem) UnmarshalBinary(b []byte) error {
	var w problemWire
	if err := decode(b, &w); err != nil {
		return fmt.Errorf("problem: %w", err)
	}
	for _, m := range []*linalg.Matrix{w.W, w.H} {
		if err := checkMatrix(m); err != nil {
			return fmt.Errorf("problem %s: %w", w.Name, err)
		}
	}
	for name, encoded := range w.More {
		if p.More[name] == nil {
			return fmt.Errorf("problem %s: there is no sum to decode the statistic %q into", w.Name, name)
		}
		if err := p.More[name].UnmarshalBinary(encoded); err != nil {
			return fmt.Errorf("problem %s: statistic %s: %w", w.Name, name, err)
		}
	}
	*p = Problem{Name: w.Name, W: w.W, H: w.H, SquaredNorms: w.SquaredNorms, Moments: w.Moments, More: p.More,
		RowWeights: w.RowWeights, Pattern: w.Pattern, Keep: w.Keep, Quantize: w.Quantize, Seed: w.Seed, Log: p.Log}
	return nil
}

// solutionWire is a Solution without its methods, which gob would call.
type solutionWire struct {
	W       *linalg.Matrix
	Mask    *sparsity.Mask
	Damping float64
	Grid    *quant.Grid
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (s *Solution) MarshalBinary() ([]byte, error) {
	return encode(solutionWire(*s))
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler. Whether the solution answers a problem is for
// [Solution.Check] to say.
func (s *Solution) UnmarshalBinary(b []byte) error {
	var w solutionWire
	if err := decode(b, &w); err != nil {
		return fmt.Errorf("solution: %w", err)
	}
	if err := checkMatrix(w.W); err != nil {
		return fmt.Errorf("solution: %w", err)
	}
	*s = Solution(w)
	return nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

// decode reads what encode wrote, and nothing behind it.
func decode(b []byte, v any) error {
	r := bytes.NewReader(b)
	if err := gob.NewDecoder(r).Decode(v); err != nil {
		return err
	}
	if r.Len() > 0 {
		return fmt.Errorf("there are %d bytes too many", r.Len())
	}
	return nil
}

// checkMatrix reports a decoded matrix whose shape is not that of its elements; nil is fine.
func checkMatrix(m *linalg.Matrix) error {
	const most = 1 << 24 // rows or columns
	if m != nil && (m.Rows < 0 || m.Cols < 0 || m.Rows > most || m.Cols > most || m.Rows*m.Cols != len(m.Data)) {
		return fmt.Errorf("a matrix of shape [%d %d] has %d elements", m.Rows, m.Cols, len(m.Data))
	}
	return nil
}
