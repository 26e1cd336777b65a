//go:build amd64 && !purego

package asm

//go:generate go -C _gen run ./attend -out ../attend_amd64.s -stubs ../attend_stubs_amd64.go -pkg asm

// attendAVX512 adds the kernels of attention to the level, which take vectors of so many elements of a key, and
// strips of so many columns of the values; what is left over are products of matrices.
func attendAVX512(table *kernels) {
	const lanes, strip = 16, 64
	table.attendScores = func(s []float32, scale float32, q, k []float32) {
		if len(q) == 0 || len(q)%lanes != 0 {
			attendScoresByGemm(s, scale, q, k)
			return
		}
		attendScoresAVX512(len(q)/lanes, len(s), scale, &q[0], &k[0], &s[0])
	}
	table.attendSum = func(y, p, v []float32) {
		done := 0
		for ; done+strip <= len(y); done += strip {
			attendSumAVX512(len(p), len(y), &p[0], &v[done], &y[done])
		}
		attendColumnsByGemm(done, y, p, v)
	}
}
