package main

import (
	"math"
	"math/rand/v2"

	"github.com/adagp/adagp/tensor"
)

// Images are side × side pixels, one row of a tensor each.
const side = 16

// strokes are the ten digits as polylines in the unit square, y downwards.
var strokes = [10][][2]float64{
	{{.3, .1}, {.7, .1}, {.8, .5}, {.7, .9}, {.3, .9}, {.2, .5}, {.3, .1}},
	{{.3, .3}, {.5, .1}, {.5, .9}},
	{{.2, .3}, {.4, .1}, {.7, .15}, {.75, .4}, {.2, .9}, {.8, .9}},
	{{.2, .15}, {.7, .15}, {.45, .45}, {.75, .65}, {.6, .9}, {.2, .85}},
	{{.7, .9}, {.7, .1}, {.2, .65}, {.85, .65}},
	{{.75, .1}, {.3, .1}, {.25, .45}, {.65, .45}, {.75, .7}, {.6, .9}, {.2, .85}},
	{{.65, .1}, {.35, .35}, {.25, .7}, {.45, .9}, {.7, .8}, {.7, .6}, {.5, .5}, {.3, .6}},
	{{.2, .1}, {.8, .1}, {.4, .9}},
	{{.5, .5}, {.3, .3}, {.5, .1}, {.7, .3}, {.3, .7}, {.5, .9}, {.7, .7}, {.5, .5}},
	{{.7, .4}, {.5, .5}, {.3, .35}, {.45, .1}, {.7, .2}, {.7, .5}, {.55, .9}},
}

// drawDigits returns n images [n, side·side] and what they show: digits turned, sheared, stretched, moved
// and drawn with pens of different widths, under noise.
func drawDigits(r *rand.Rand, n int) (*tensor.Tensor, []int) {
	images, labels := tensor.New(n, side*side), make([]int, n)
	for i := range n {
		labels[i] = i % 10
		drawDigit(r, images.Row(i), strokes[labels[i]])
	}
	return images, labels
}

func drawDigit(r *rand.Rand, pixels []float32, points [][2]float64) {
	spread := func(most float64) float64 { return most * (2*r.Float64() - 1) }
	angle, shear := spread(0.25), spread(0.3)
	width, height := 0.8+spread(0.2), 0.8+spread(0.2)
	moveX, moveY, pen := spread(0.12), spread(0.12), 0.05+0.04*r.Float64()
	sin, cos := math.Sincos(angle)
	moved := make([][2]float64, len(points))
	for k, p := range points {
		x, y := width*(p[0]-.5+shear*(p[1]-.5)), height*(p[1]-.5)
		moved[k] = [2]float64{.5 + moveX + cos*x - sin*y + spread(.03), .5 + moveY + sin*x + cos*y + spread(.03)}
	}
	for k := range pixels {
		x, y := (float64(k%side)+.5)/side, (float64(k/side)+.5)/side
		away := math.Inf(1)
		for s := range len(moved) - 1 {
			away = min(away, distance(x, y, moved[s], moved[s+1]))
		}
		ink := 1 / (1 + math.Exp((away-pen)*60))
		pixels[k] = float32(ink + 0.2*r.NormFloat64())
	}
}

// distance is that of (x, y) from the line between a and b.
func distance(x, y float64, a, b [2]float64) float64 {
	dx, dy := b[0]-a[0], b[1]-a[1]
	t := ((x-a[0])*dx + (y-a[1])*dy) / (dx*dx + dy*dy)
	t = min(max(t, 0), 1)
	return math.Hypot(x-a[0]-t*dx, y-a[1]-t*dy)
}
