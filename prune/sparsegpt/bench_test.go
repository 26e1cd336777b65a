package sparsegpt

import (
	"context"
	"fmt"
	"testing"

	"github.com/adagp/adagp/prune/prunetest"
	"github.com/adagp/adagp/prune/sparsity"
)

// BenchmarkSolve reports the rate of the multiplications that the method cannot do without: 2/3·in³ for
// the inverse factor and out·in² for the compensation at full density of errors.
func BenchmarkSolve(b *testing.B) {
	for _, shape := range [][2]int{{512, 512}, {1024, 1024}, {1024, 4096}, {4096, 1024}} {
		out, in := shape[0], shape[1]
		for _, pattern := range []sparsity.Pattern{sparsity.Unstructured(0.7), sparsity.NM(2, 4)} {
			b.Run(fmt.Sprintf("%d×%d/%v", out, in, pattern), func(b *testing.B) {
				p := prunetest.Random(1, out, in, 256, pattern)
				s := Solver{}
				flops := 2./3*float64(in)*float64(in)*float64(in) + float64(out)*float64(in)*float64(in)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := s.Solve(context.Background(), p); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
