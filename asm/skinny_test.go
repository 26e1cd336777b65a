package asm

import "testing"

// TestSkinnyProducts: every number of rows that decoding a few texts at a time may have, and as many
// columns the other way round, over the borders of tiles and of blocks of k, each from any address.
func TestSkinnyProducts(t *testing.T) {
	onLevels(t, func(t *testing.T) {
		seed := uint64(1 << 20)
		for rows := 1; rows <= 16; rows++ {
			for _, s := range [][2]int{{1, 1}, {7, 3}, {33, 16}, {64, 65}, {129, 31}, {40, 300}} {
				for trans := range 4 {
					seed++
					c := gemmCase[float32]{transA: trans&1 != 0, transB: trans&2 != 0, m: rows, n: s[0], k: s[1],
						alpha: 1, beta: float32(seed % 2), padding: int(seed % 3), offset: int(seed % 7)}
					c.run(t, Gemm, seed)
					c.m, c.n = c.n, c.m
					c.run(t, Gemm, seed)
				}
			}
		}
	})
}
