package asm

// tileSize is the width and height of the register tile in Go. Nine sums, three
// elements of A and one of B fit the fifteen registers the compiler has on
// amd64; with larger tiles it spills and is slower.
const tileSize = 3

func gemmGeneric[T Float]() gemmKernels[T] {
	return gemmKernels[T]{
		mr: tileSize, nr: tileSize,
		mc: 680 * tileSize, nc: 64 * tileSize, kc: 256,
		strip: stripOf(tileSize, tileGeneric[T]),
		dots:  dotsGeneric[T],
		axpys: axpysGeneric[T],
		pack:  packGeneric[T],

		transpose: transposeGeneric[T],
	}
}

// stripOf computes strips by a kernel for whole tiles.
func stripOf[T Float](nr int, tile func(k int, alpha T, a, b, c []T, ldc int, accumulate bool)) func(*strip[T]) {
	return func(s *strip[T]) {
		for j := 0; j < s.cols; j += nr {
			tile(s.k, s.alpha, s.a, s.b[j*s.k:], s.c[j:], s.ldc, s.accumulate)
		}
	}
}

// tileGeneric is the micro-kernel in Go.
//
// Here and below, the conversion T(x*y) keeps the compiler from fusing the
// product with the sum that follows. It may do so on some machines, in some
// expressions and not in others, and then an element would depend on which
// kernel computed it.
func tileGeneric[T Float](k int, alpha T, a, b, c []T, ldc int, accumulate bool) {
	var c00, c01, c02, c10, c11, c12, c20, c21, c22 T
	a = a[:k*tileSize]
	for p := 0; p+2 < len(a); p += 3 {
		a0, a1, a2 := a[p], a[p+1], a[p+2]
		// The bounds checks on b stay, on purpose: they keep the compiler from
		// moving all products ahead of all sums, which takes more registers than
		// there are.
		b0 := b[p]
		c00 += T(a0 * b0)
		c10 += T(a1 * b0)
		c20 += T(a2 * b0)
		b0 = b[p+1]
		c01 += T(a0 * b0)
		c11 += T(a1 * b0)
		c21 += T(a2 * b0)
		b0 = b[p+2]
		c02 += T(a0 * b0)
		c12 += T(a1 * b0)
		c22 += T(a2 * b0)
	}
	r0 := (*[3]T)(c)
	r1 := (*[3]T)(c[ldc:])
	r2 := (*[3]T)(c[2*ldc:])
	if !accumulate {
		*r0 = [3]T{alpha * c00, alpha * c01, alpha * c02}
		*r1 = [3]T{alpha * c10, alpha * c11, alpha * c12}
		*r2 = [3]T{alpha * c20, alpha * c21, alpha * c22}
		return
	}
	r0[0] += T(alpha * c00)
	r0[1] += T(alpha * c01)
	r0[2] += T(alpha * c02)
	r1[0] += T(alpha * c10)
	r1[1] += T(alpha * c11)
	r1[2] += T(alpha * c12)
	r2[0] += T(alpha * c20)
	r2[1] += T(alpha * c21)
	r2[2] += T(alpha * c22)
}

func dotsGeneric[T Float](n int, alpha T, a []T, lda int, x, y []T, incY int, accumulate bool) {
	i := 0
	for ; i+4 <= n; i += 4 {
		// Four rows at a time hide the latency of the sums.
		r0, r1 := a[i*lda:][:len(x)], a[(i+1)*lda:][:len(x)]
		r2, r3 := a[(i+2)*lda:][:len(x)], a[(i+3)*lda:][:len(x)]
		var s0, s1, s2, s3 T
		for p, v := range x {
			s0 += T(v * r0[p])
			s1 += T(v * r1[p])
			s2 += T(v * r2[p])
			s3 += T(v * r3[p])
		}
		store(&y[i*incY], alpha, s0, accumulate)
		store(&y[(i+1)*incY], alpha, s1, accumulate)
		store(&y[(i+2)*incY], alpha, s2, accumulate)
		store(&y[(i+3)*incY], alpha, s3, accumulate)
	}
	for ; i < n; i++ {
		var s T
		row := a[i*lda:][:len(x)]
		for p, v := range x {
			s += T(v * row[p])
		}
		store(&y[i*incY], alpha, s, accumulate)
	}
}

func axpysGeneric[T Float](n int, alpha T, a []T, lda int, x, y []T, incY int, accumulate bool) {
	// Sums are kept for a block of columns at a time, on the stack.
	var block [128]T
	for i := 0; i < n; i += len(block) {
		sums := block[:min(len(block), n-i)]
		clear(sums)
		p := 0
		for ; p+2 <= len(x); p += 2 {
			v, w := x[p], x[p+1]
			r, s := a[p*lda+i:][:len(sums)], a[(p+1)*lda+i:][:len(sums)]
			for j, t := range sums {
				t += T(v * r[j])
				t += T(w * s[j])
				sums[j] = t
			}
		}
		if p < len(x) {
			v := x[p]
			for j, r := range a[p*lda+i:][:len(sums)] {
				sums[j] += T(v * r)
			}
		}
		for j, s := range sums {
			store(&y[(i+j)*incY], alpha, s, accumulate)
		}
	}
}

func store[T Float](y *T, alpha, sum T, accumulate bool) {
	if accumulate {
		*y += T(alpha * sum)
	} else {
		*y = alpha * sum
	}
}
