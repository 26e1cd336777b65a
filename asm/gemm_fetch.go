package asm

// next is what the panels of A after the current group of them are made from: packed
// panels, or a strip of the matrix, see packGeneric.
type next[T Float] struct {
	packed, source []T
	ld             int
	alongK         bool
	rows, depth    int
	group          int // panels in the current group, which share the work
}

const (
	// fetchEvery is at how many steps over k a kernel asks for two lines.
	fetchEvery = 4

	lineBytes = 64 // of a line of the caches
)

// lines sets what is to be fetched during a strip of so many tiles, number part of
// the group. What it asks for more than once costs nothing, what nobody needs
// would.
func (n *next[T]) lines(l *lines[T], part, tiles int) {
	size := int(elementSize[T]())
	switch {
	case n.packed != nil:
		share := n.rows * n.depth * size / tiles
		l.at, l.step, l.apart, l.leap, l.tiles = &n.packed[0], share*fetchEvery/(2*n.depth)+1, share/2, share, tiles
	case n.source == nil:
		l.at = nil
	case n.alongK:
		// Two rows a tile.
		l.at, l.step, l.apart, l.leap, l.tiles = &n.source[0], fetchEvery*size, n.ld*size, 2*n.ld*size, (n.rows+1)/2
	default:
		// Each strip does its part of the rows, two lines of each a tile.
		l.at, l.step, l.apart, l.leap = &n.source[part*n.depth/n.group*n.ld], n.ld*size, lineBytes, 2*lineBytes
		l.tiles = (n.rows*size/lineBytes + 2) / 2
	}
}
