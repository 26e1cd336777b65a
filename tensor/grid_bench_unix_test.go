//go:build unix

package tensor

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/adagp/adagp/asm"
)

// BenchmarkTile computes, on one thread, one of the tiles that a product is cut into for so many
// threads. Smaller tiles spend more of their time on packing, so its share of the peak is what more
// threads can bring at most on a machine of enough memory bandwidth, whatever the number of its cores.
// Times are those of the processor, which other programs hardly disturb.
func BenchmarkTile(b *testing.B) {
	for _, s := range []struct{ m, n, k int }{{1024, 1024, 1024}, {2048, 2048, 2048}, {2048, 768, 3072}} {
		for _, threads := range []int{1, 2, 4, 8, 16} {
			g := newGrid(s.m, s.n, s.k, threads)
			b.Run(fmt.Sprintf("%d×%d×%d/threads%d/%d×%d", s.m, s.n, s.k, threads, g.height, g.width), func(b *testing.B) {
				x, y, z := New(g.height, s.k), New(s.k, g.width), New(g.height, g.width)
				x.Fill(0.5)
				y.Fill(0.25)
				flops := 2 * g.height * g.width * s.k
				turns := flops / asm.MultiplyAddLoop32(1)
				var product, peak time.Duration
				for b.Loop() {
					start := cpuTime(b)
					asm.Gemm(1, x.matrix(false), y.matrix(false), 0, z.matrix(false))
					middle := cpuTime(b)
					asm.MultiplyAddLoop32(turns) // the same number of multiply-adds, in registers
					product += middle - start
					peak += cpuTime(b) - middle
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(flops)*float64(b.N)/product.Seconds()/1e9, "GFLOP/s")
				b.ReportMetric(100*peak.Seconds()/product.Seconds(), "%peak")
			})
		}
	}
}

// cpuTime returns the processor time that this process has had so far.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
