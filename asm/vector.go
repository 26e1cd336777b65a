package asm

// vectorKernels are sums over vectors and arithmetic element by element.
type vectorKernels struct {
	dot        func(x, y []float32) float32
	dot64      func(x, y []float64) float64
	dotWide    func(x, y []float32) float64
	sum        func(x []float32) float64
	sumSquares func(x []float32) float64
	maxAbs     func(x []float32) float32

	axpy   func(alpha float32, x, y []float32)
	axpy64 func(alpha float64, x, y []float64)
	scale  func(dst []float32, alpha float32, x []float32)
	add    func(dst, x, y []float32)
	sub    func(dst, x, y []float32)
	mul    func(dst, x, y []float32)
}

// Dot returns Σ x[i]·y[i].
func Dot(x, y []float32) float32 { return current.Load().vector.dot(x, y[:len(x)]) }

// Dot64 returns Σ x[i]·y[i].
func Dot64(x, y []float64) float64 { return current.Load().vector.dot64(x, y[:len(x)]) }

// DotWide returns Σ x[i]·y[i] with products and sum in float64; the products
// are exact.
func DotWide(x, y []float32) float64 { return current.Load().vector.dotWide(x, y[:len(x)]) }

// Sum returns Σ x[i], added in float64.
func Sum(x []float32) float64 { return current.Load().vector.sum(x) }

// SumSquares returns Σ x[i]², added in float64.
func SumSquares(x []float32) float64 { return current.Load().vector.sumSquares(x) }

// MaxAbs returns max |x[i]|, 0 for an empty slice, NaN if x contains one.
func MaxAbs(x []float32) float32 { return current.Load().vector.maxAbs(x) }

// Axpy sets y[i] += alpha·x[i].
func Axpy(alpha float32, x, y []float32) { current.Load().vector.axpy(alpha, x, y[:len(x)]) }

// Axpy64 sets y[i] += alpha·x[i].
func Axpy64(alpha float64, x, y []float64) { current.Load().vector.axpy64(alpha, x, y[:len(x)]) }

// Scale sets dst[i] = alpha·x[i].
func Scale(dst []float32, alpha float32, x []float32) {
	current.Load().vector.scale(dst[:len(x)], alpha, x)
}

// Add sets dst[i] = x[i] + y[i].
func Add(dst, x, y []float32) { current.Load().vector.add(dst[:len(x)], x, y[:len(x)]) }

// Sub sets dst[i] = x[i] - y[i].
func Sub(dst, x, y []float32) { current.Load().vector.sub(dst[:len(x)], x, y[:len(x)]) }

// Mul sets dst[i] = x[i]·y[i].
func Mul(dst, x, y []float32) { current.Load().vector.mul(dst[:len(x)], x, y[:len(x)]) }
