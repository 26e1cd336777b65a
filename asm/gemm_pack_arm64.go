//go:build arm64 && !purego

package asm

// panelPacker packs panels of one width with kernels in assembly; what does not
// fill them is done in Go.
type panelPacker[T Float] struct {
	width int
	group int // rows that columns handles at once
	lanes int // columns wants multiples of this over k

	rows    func(dst, src *T, ld, k int) // whole width, contiguous in the matrix
	columns func(dst, src *T, ld, k int) // group rows of the matrix, contiguous along k
}

// packBoth returns the pack function of a level, with one packer for A and one
// for B.
func packBoth[T Float](a, b panelPacker[T]) func(dst, src []T, ld, width, count, k int, alongK bool) {
	return func(dst, src []T, ld, width, count, k int, alongK bool) {
		p := &a
		if width == b.width {
			p = &b
		}
		for q := 0; q < count; q += width {
			panel := dst[:width*k]
			dst = dst[width*k:]
			filled := min(width, count-q)
			if filled < width {
				clear(panel)
			}
			switch {
			case alongK:
				p.transpose(panel, src[q*ld:], ld, filled, k)
			case filled == width:
				_ = src[(k-1)*ld+q+width-1]
				p.rows(&panel[0], &src[q], ld, k)
			default:
				packRows(panel, src[q:], ld, width, filled, k)
			}
		}
	}
}

// transpose fills the first columns of panel [k][width] from rows of src.
func (p *panelPacker[T]) transpose(panel, src []T, ld, filled, k int) {
	whole := k - k%p.lanes
	q := 0
	if whole > 0 {
		for ; q+p.group <= filled; q += p.group {
			_ = src[(q+p.group-1)*ld+whole-1]
			p.columns(&panel[q], &src[q*ld], ld, whole)
		}
	}
	for r := range filled {
		done := 0
		if r < q {
			done = whole
		}
		for i, v := range src[r*ld:][done:k] {
			panel[(done+i)*p.width+r] = v
		}
	}
}
