//go:build amd64 && !purego

package asm

// packWith returns the pack function of a level with vectors of so many lanes.
func packWith[T Float](lanes int, rows func(dst, src *T, ld, width, stride, panels, apart, k int), columns func(dst, src *T, ld, rows, stride, k int)) func(dst, src []T, ld, width, count, k int, alongK bool) {
	return func(dst, src []T, ld, width, count, k int, alongK bool) {
		_ = dst[roundUp(count, width)*k+packSlack-1]
		if alongK {
			_ = src[(count-1)*ld+k-1]
			for q := 0; q < count; q += width {
				filled := min(width, count-q)
				first, last, step := 0, (filled-1)/lanes*lanes, lanes
				if width%lanes != 0 {
					// From the last group of rows to the first, since stores go on beyond
					// a group; what sticks out of a panel comes before the next one.
					first, last, step = last, 0, -lanes
				}
				for group := first; ; group += step {
					columns(&dst[q*k+group], &src[(q+group)*ld], ld, min(lanes, filled-group), width, k)
					if group == last {
						break
					}
				}
			}
			return
		}
		_ = src[(k-1)*ld+count-1]
		whole := count / width
		if whole > 0 {
			rows(&dst[0], &src[0], ld, width, width, whole, width*k, k)
		}
		if q := whole * width; q < count {
			rows(&dst[q*k], &src[q], ld, count-q, width, 1, 0, k)
		}
	}
}

// transposeWith does the same for transposes.
func transposeWith[T Float](lanes int, columns func(dst, src *T, ld, rows, stride, k int)) func(rows, cols int, dst []T, ldDst int, src []T, ldSrc int) {
	return func(rows, cols int, dst []T, ldDst int, src []T, ldSrc int) {
		_, _ = dst[(cols-1)*ldDst+rows-1], src[(rows-1)*ldSrc+cols-1]
		i := 0
		for ; i+lanes <= rows; i += lanes {
			columns(&dst[i], &src[i*ldSrc], ldSrc, lanes, ldDst, cols)
		}
		if i < rows {
			transposeGeneric(rows-i, cols, dst[i:], ldDst, src[i*ldSrc:], ldSrc)
		}
	}
}
