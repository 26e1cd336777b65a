package asm

import "testing"

// FuzzGemm looks for sizes, paddings and offsets that a kernel gets wrong.
func FuzzGemm(f *testing.F) {
	f.Add(uint16(1), uint16(1), uint16(1), uint8(0), uint8(0), uint64(1))
	f.Add(uint16(13), uint16(33), uint16(257), uint8(3), uint8(17), uint64(2))
	f.Add(uint16(1), uint16(47), uint16(300), uint8(2), uint8(4), uint64(3))
	f.Add(uint16(40), uint16(1), uint16(19), uint8(1), uint8(255), uint64(4))
	f.Fuzz(func(t *testing.T, m, n, k uint16, trans, shape uint8, seed uint64) {
		for _, level := range Levels() {
			withLevel(t, level)
			alphas := []float32{1, -0.5, 3}
			betas := []float32{0, 1, 0.25}
			c := gemmCase[float32]{
				transA: trans&1 != 0, transB: trans&2 != 0,
				m: int(m % 100), n: int(n % 100), k: int(k % 600),
				alpha: alphas[shape%3], beta: betas[shape/3%3],
				padding: int(shape / 9 % 5), offset: int(shape / 45 % 5),
			}
			c.run(t, Gemm, seed)
			gemmCase[float64]{
				transA: c.transA, transB: c.transB, m: c.m, n: c.n, k: c.k,
				alpha: float64(c.alpha), beta: float64(c.beta), padding: c.padding, offset: c.offset,
			}.run(t, Gemm64, seed)
		}
	})
}
