package asm

import (
	"syscall"
	"testing"
	"unsafe"
)

// island is memory between two pages that cannot be touched: whoever reads or writes beyond either end
// of what lies at that end, faults.
type island struct{ room []byte }

const islandPages = 24

func newIsland(t *testing.T) *island {
	t.Helper()
	page := syscall.Getpagesize()
	room, err := syscall.Mmap(-1, 0, (islandPages+2)*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(room) })
	for _, hole := range [][]byte{room[:page], room[(islandPages+1)*page:]} {
		if err := syscall.Mprotect(hole, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return &island{room[page : (islandPages+1)*page : (islandPages+1)*page]}
}

// atEdge returns n elements at the end of the island, or at its beginning.
func atEdge[T any](i *island, n int, end bool) []T {
	var v T
	all := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(i.room))), len(i.room)/int(unsafe.Sizeof(v)))
	if end {
		return all[len(all)-n : len(all) : len(all)]
	}
	return all[:n:n]
}

// TestWithinBounds runs every kernel on slices whose neighbours are no memory, which guard words cannot
// tell for reads. Results are the business of the other tests.
func TestWithinBounds(t *testing.T) {
	var islands [5]*island
	for k := range islands {
		islands[k] = newIsland(t)
	}
	onLevels(t, func(t *testing.T) {
		for _, end := range []bool{false, true} {
			floats := func(k, n int) []float32 {
				x := atEdge[float32](islands[k], n, end)
				for i := range x {
					x[i] = float32(i%7) - 3
				}
				return x
			}
			doubles := func(k, n int) []float64 { return atEdge[float64](islands[k], n, end) }
			bytes := func(k, n int) []byte { return atEdge[byte](islands[k], n, end) }
			for _, n := range lengths {
				x, y, dst := floats(0, n), floats(1, n), floats(2, n)
				for _, k := range elementwise {
					k.call(dst, x, y)
				}
				for _, k := range sums {
					if k.name != "Dot64" { // which the table gives copies
						k.call(x, y)
					}
				}
				SwiGLUGrad(floats(3, n), floats(4, n), dst, x, y)
				MaxAbs(x)
				Axpy(0.5, x, dst)
				Dot64(doubles(0, n), doubles(1, n))
				Axpy64(0.5, doubles(0, n), doubles(1, n))
				ExpRow(floats(2, n), floats(0, n))
				SoftmaxRow(floats(2, n), floats(0, n))
				RMSNormRow(floats(2, n), floats(0, n), floats(1, n), 1e-5)
				LayerNormRow(floats(2, n), floats(0, n), floats(1, n), floats(3, n), 1e-5)
				LayerNormRow(floats(2, n), floats(0, n), floats(1, n), nil, 1e-5)
				if n > 0 && n < 300 {
					RoPERow(floats(2, 6*n), floats(0, 6*n), floats(1, n), floats(3, n))
				}
				for f := range formats {
					Widen(f, floats(2, n), bytes(0, n*f.Size()))
					Narrow(f, bytes(0, n*f.Size()), floats(2, n))
				}
				ReadLoop(floats(0, n))
			}
			for _, n := range []int{1, 2, 7, 8, 9, 33} { // keys, of every width around vectors and strips
				for _, d := range []int{47, 48, 63, 64, 80, 112, 128, 129, 160, 192} {
					AttendScores(floats(2, n), 0.5, floats(0, d), floats(1, n*d))
					AttendSum(floats(2, d), floats(0, n), floats(1, n*d))
				}
			}
			for _, m := range []int{1, 2, 5, 13, 14, 16, 33} {
				for _, n := range []int{1, 3, 8, 15, 16, 17, 31, 32, 33, 65} {
					for _, k := range []int{1, 2, 7, 16, 33} {
						for trans := range 4 {
							transA, transB := trans&1 != 0, trans&2 != 0
							_, lda := stored(transA, m, k)
							_, ldb := stored(transB, k, n)
							gemmOn(transA, transB, m, n, k, 1, floats(0, m*k), lda, floats(1, k*n), ldb, 1, floats(2, m*n), n)
							gemmOn(transA, transB, m, n, k, 1, doubles(0, m*k), lda, doubles(1, k*n), ldb, 1, doubles(2, m*n), n)
						}
					}
					GramRows(0, n, MatrixOf(floats(0, m*n), m, n, n), true, MatrixOf(floats(2, n*n), n, n, n))
					MirrorLower(0, n, MatrixOf(floats(2, n*n), n, n, n))
					Transpose(MatrixOf(floats(2, m*n), n, m, m), MatrixOf(floats(0, m*n), m, n, n))
					AttendScores(floats(2, m), 0.5, floats(0, n), floats(1, m*n))
					AttendSum(floats(2, n), floats(0, m), floats(1, m*n))
					RowDots(MatrixOf(floats(0, m*n), m, n, n), floats(1, n), floats(2, m))
				}
			}
		}
	})
}
