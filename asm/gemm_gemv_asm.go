//go:build (amd64 || arm64) && !purego

package asm

// dotsKernels multiply rows by a vector: many rows of them at once, or a few.
type dotsKernels[T Float] struct {
	rows int // of many
	many func(k int, alpha T, a *T, lda int, x, y *T, accumulate bool)
	four func(k int, alpha T, a *T, lda int, x, y *T, incY int, accumulate bool)
	one  func(k int, alpha T, a *T, lda int, x, y *T, incY int, accumulate bool)
}

// with returns the dots function of a level.
func (d dotsKernels[T]) with(pool *bufferPool[T]) func(n int, alpha T, a []T, lda int, x, y []T, incY int, accumulate bool) {
	return func(n int, alpha T, a []T, lda int, x, y []T, incY int, accumulate bool) {
		k := len(x)
		_, _ = a[(n-1)*lda+k-1], y[(n-1)*incY]
		if n < d.rows {
			i := 0
			for ; i+4 <= n; i += 4 {
				d.four(k, alpha, &a[i*lda], lda, &x[0], &y[i*incY], incY, accumulate)
			}
			for ; i < n; i++ {
				d.one(k, alpha, &a[i*lda], lda, &x[0], &y[i*incY], incY, accumulate)
			}
			return
		}
		buf := pool.get(d.rows, 0, 0)
		defer pool.put(buf)
		for done := 0; done < n; {
			// The last group starts early enough to be full and computes some
			// rows a second time.
			i := min(done, n-d.rows)
			if accumulate {
				for j := done; j < i+d.rows; j++ {
					buf.a[j-i] = y[j*incY]
				}
			}
			d.many(k, alpha, &a[i*lda], lda, &x[0], &buf.a[0], accumulate)
			for ; done < i+d.rows; done++ {
				y[done*incY] = buf.a[done-i]
			}
		}
	}
}

// axpysWith gives a kernel that needs a contiguous y a stride.
func axpysWith[T Float](pool *bufferPool[T], kernel func(n, k int, alpha T, a *T, lda int, x, y *T, accumulate bool)) func(n int, alpha T, a []T, lda int, x, y []T, incY int, accumulate bool) {
	return func(n int, alpha T, a []T, lda int, x, y []T, incY int, accumulate bool) {
		k := len(x)
		_, _ = a[(k-1)*lda+n-1], y[(n-1)*incY]
		if incY == 1 {
			kernel(n, k, alpha, &a[0], lda, &x[0], &y[0], accumulate)
			return
		}
		buf := pool.get(n, 0, 0)
		defer pool.put(buf)
		if accumulate {
			for i := range n {
				buf.a[i] = y[i*incY]
			}
		}
		kernel(n, k, alpha, &a[0], lda, &x[0], &buf.a[0], accumulate)
		for i := range n {
			y[i*incY] = buf.a[i]
		}
	}
}
