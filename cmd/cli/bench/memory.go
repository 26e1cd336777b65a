package bench

import (
	"github.com/adagp/adagp/asm"
	"github.com/adagp/adagp/internal/parallel"
	"github.com/adagp/adagp/tensor"
)

const (
	// readPiece is how many elements a thread reads at a time (8 MiB), readPieces how many of these
	// pieces a thread reads in a call.
	readPiece  = 2 << 20
	readPieces = 4
)

// ring hands out parts of a long slice in turn, so that none is met again while a cache could still
// hold it.
type ring struct {
	data []float32
	at   int
}

func (g *ring) next(n int) []float32 {
	if g.at+n > len(g.data) {
		g.at = 0
	}
	part := g.data[g.at : g.at+n]
	g.at += n
	return part
}

// measureMemory reads memory and multiplies matrices that lie there by a vector.
func (r *run) measureMemory() error {
	piece := min(readPiece, r.sizes.memory/readPieces)
	elements := readPieces * piece * parallel.Threads() // of a call
	largest := elements
	for _, v := range r.sizes.vectors {
		largest = max(largest, v[0]*v[1])
	}
	memory := &ring{data: make([]float32, max(r.sizes.memory, largest))}
	r.fill(memory.data)

	read := newSeries(func() {
		part := memory.next(elements)
		parallel.For(len(part)/piece, 1, func(lo, hi int) { asm.ReadLoop(part[lo*piece : hi*piece]) })
	})
	var all []*series
	for _, v := range r.sizes.vectors {
		rows, cols := v[0], v[1]
		x, y := r.random(1, cols), tensor.New(1, rows)
		all = append(all, newSeries(func() {
			tensor.MatMulNTInto(y, x, tensor.FromSlice(memory.next(rows*cols), rows, cols))
		}))
	}
	halves, what, err := r.halfVectors()
	if err != nil {
		return err
	}
	if err := r.measure(read, append(all, halves...)...); err != nil {
		return err
	}
	r.res.Read = read.giga(4 * float64(elements))
	for i, v := range r.sizes.vectors {
		speed := all[i].giga(4 * float64(v[0]) * float64(v[1]))
		r.res.Vectors = append(r.res.Vectors, Vector{
			Rows: v[0], Cols: v[1], DType: tensor.F32.String(), GBPS: speed, OfBandwidth: speed / r.res.Read,
		})
	}
	for i, v := range what {
		v.GBPS = halves[i].giga(2 * float64(v.Rows) * float64(v.Cols))
		v.OfBandwidth = v.GBPS / r.res.Read
		r.res.Vectors = append(r.res.Vectors, v)
	}
	return nil
}
