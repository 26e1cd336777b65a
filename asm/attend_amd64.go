//go:build amd64 && !purego

package asm

// Vectors of so many elements of a key, and strips of so many columns of the values, have kernels; what is left
// over are products of matrices.
const (
	attendLanes = 16
	attendStrip = 64
)

var attendAVX512 = attendKernels{
	scores: func(s []float32, scale float32, q, k []float32) {
		if len(q) == 0 || len(q)%attendLanes != 0 {
			attendScoresByGemm(s, scale, q, k)
			return
		}
		attendScoresAVX512(len(q)/attendLanes, len(s), scale, &q[0], &k[0], &s[0])
	},
	sum: func(y, p, v []float32) {
		done := 0
		for ; done+attendStrip <= len(y); done += attendStrip {
			attendSumAVX512(len(p), len(y), &p[0], &v[done], &y[done])
		}
		attendColumnsByGemm(done, y, p, v)
	},
}
