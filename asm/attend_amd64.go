//go:build amd64 && !purego

package asm

//go:generate go -C _gen run ./attend -out ../attend_amd64.s -stubs ../attend_stubs_amd64.go -pkg asm

// attendLanes and attendStrip are the elements that the kernels take at a time.
const attendLanes, attendStrip = 16, 64

// attendScores is AttendScores where there is a kernel for it; otherwise it returns false.
func attendScores(s []float32, scale float32, q, k []float32) bool {
	if current.Load().level != AVX512 || len(q)%attendLanes != 0 {
		return false
	}
	attendScoresAVX512(len(q)/attendLanes, len(s), scale, &q[0], &k[0], &s[0])
	return true
}

// attendSum is AttendSum for the first elements of y, and returns how many.
func attendSum(y, p, v []float32) (done int) {
	if current.Load().level != AVX512 {
		return 0
	}
	for ; done+attendStrip <= len(y); done += attendStrip {
		attendSumAVX512(len(p), len(y), &p[0], &v[done], &y[done])
	}
	return done
}
