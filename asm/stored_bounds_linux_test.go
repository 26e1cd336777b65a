package asm

import (
	"fmt"
	"syscall"
	"testing"
	"unsafe"
)

// TestStoredWithinBounds puts every operand right before memory that cannot be read, as the end
// of a mapped file is.
func TestStoredWithinBounds(t *testing.T) {
	page := syscall.Getpagesize()
	const pages = 40
	beforeHole := func(b []byte) []byte {
		room, err := syscall.Mmap(-1, 0, (pages+1)*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Munmap(room) })
		if err := syscall.Mprotect(room[pages*page:], syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
		part := room[pages*page-len(b) : pages*page : pages*page]
		copy(part, b)
		return part
	}
	onLevels(t, func(t *testing.T) {
		r := newRand(14)
		for f := range formats {
			for _, k := range []int{4, 8, 12, 20, 36, 64, 100, 164} {
				for name, share := range shares {
					m := newStored(r, f, 9, k, share(r))
					for layout, l := range m.layouts(beforeHole) {
						checkStoredRows(t, r, fmt.Sprintf("%s %s, %d columns, %s stored", layout, formatNames[f], k, name), m.rows, k, l.w, l.mul)
					}
					plain, mask, values, offsets := beforeHole(m.plain), beforeHole(m.mask), beforeHole(m.values), beforeHole(m.offsets)
					floats := func(n int) []float32 {
						return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(beforeHole(make([]byte, 4*n))))), n)
					}
					Widen(f, floats(m.rows*k), plain)
					w := BitmaskWeights{f, m.rows, k, mask, values, offsets}
					BitmaskWiden(w, floats(m.rows*k))
					if PanelWidth() > 0 {
						const n = 5
						panels := NewPanels(n, k)
						for i := range panels.Tiles() {
							panels.Fill(i, MatrixOf(floats(n*k), n, k, k))
						}
						panels.MulBitmask(w, MatrixOf(floats(n*m.rows), n, m.rows, m.rows))
					}
				}
			}
		}
	})
}
