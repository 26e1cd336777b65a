package asm

import (
	"fmt"
	"testing"
)

// BenchmarkStored multiplies matrices that come from memory by a vector. The speed is that of the
// weights, stored or not; MB/s counts the bytes that are stored.
func BenchmarkStored(b *testing.B) {
	const rows, k, span = 2048, 4096, 256 << 20
	x, y := make([]float32, k), make([]float32, rows)
	for i := range x {
		x[i] = float32(i%7) - 3
	}
	vectors, results := MatrixOf(x, 1, k, k), MatrixOf(y, 1, rows, rows)
	run := func(name string, bytes int, do func(copy int)) {
		for _, level := range Levels()[1:] {
			b.Run(fmt.Sprintf("%s/%v", name, level), func(b *testing.B) {
				withLevel(b, level)
				b.SetBytes(int64(bytes))
				at := 0
				for b.Loop() {
					do(at)
					at++
				}
				b.ReportMetric(rows*k*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gweights/s")
			})
		}
	}
	// copies returns slices with the same bytes, together longer than a cache.
	copies := func(data []byte, span int) (all [][]byte) {
		for i := 0; i < span; i += len(data) {
			all = append(all, append([]byte(nil), data...))
		}
		return all
	}
	{
		long := make([]float32, span/4)
		for i := range long {
			long[i] = 1
		}
		part := 0
		run("read", rows*k*4, func(int) {
			if part+rows*k > len(long) {
				part = 0
			}
			ReadLoop(long[part : part+rows*k])
			part += rows * k
		})
	}
	for f := range formats {
		m := benchmarkStored(f, rows, k, 0.5)
		{
			all := copies(m.plain, span)
			run("plain/"+formatNames[f], len(m.plain), func(i int) {
				PlainRows(PlainWeights{f, rows, k, all[i%len(all)]}, vectors, results)
			})
		}
		{
			part, whole := copies(m.indices, span/8), copies(m.halves, span)
			run("semi/"+formatNames[f], len(m.indices)+len(m.halves), func(i int) {
				SemiRows(SemiWeights{f, rows, k, part[i%len(part)], whole[i%len(whole)]}, vectors, results)
			})
		}
		for _, zeros := range []float64{0.5, 0.7, 0.8, 0.9} {
			m := benchmarkStored(f, rows, k, zeros)
			part, whole := copies(m.mask, span/8), copies(m.values, span)
			run(fmt.Sprintf("bitmask/%s/%v", formatNames[f], zeros), len(m.mask)+len(m.values), func(i int) {
				BitmaskRows(BitmaskWeights{f, rows, k, part[i%len(part)], whole[i%len(whole)], m.offsets}, vectors, results)
			})
		}
	}
}

func benchmarkStored(f Format, rows, k int, zeros float64) *storedMatrix {
	r := newRand(7)
	return newStored(r, f, rows, k, func(i, p int) bool { return r.Float64() >= zeros })
}
