package asm

// Dot returns Σ x[i]·y[i].
func Dot(x, y []float32) float32 { return current.Load().dot(x, y[:len(x)]) }

// Dot64 returns Σ x[i]·y[i].
func Dot64(x, y []float64) float64 { return current.Load().dot64(x, y[:len(x)]) }

// DotWide returns Σ x[i]·y[i] with products and sum in float64; the products
// are exact.
func DotWide(x, y []float32) float64 { return current.Load().dotWide(x, y[:len(x)]) }

// Sum returns Σ x[i], added in float64.
func Sum(x []float32) float64 { return current.Load().sum(x) }

// SumSquares returns Σ x[i]², added in float64.
func SumSquares(x []float32) float64 { return current.Load().sumSquares(x) }

// MaxAbs returns max |x[i]|, 0 for an empty slice, NaN if x contains one.
func MaxAbs(x []float32) float32 { return current.Load().maxAbs(x) }

// Axpy sets y[i] += alpha·x[i].
func Axpy(alpha float32, x, y []float32) { current.Load().axpy(alpha, x, y[:len(x)]) }

// Axpy64 sets y[i] += alpha·x[i].
func Axpy64(alpha float64, x, y []float64) { current.Load().axpy64(alpha, x, y[:len(x)]) }

// Scale sets dst[i] = alpha·x[i].
func Scale(dst []float32, alpha float32, x []float32) {
	current.Load().scale(dst[:len(x)], alpha, x)
}

// Add sets dst[i] = x[i] + y[i].
func Add(dst, x, y []float32) { current.Load().add(dst[:len(x)], x, y[:len(x)]) }

// Sub sets dst[i] = x[i] - y[i].
func Sub(dst, x, y []float32) { current.Load().sub(dst[:len(x)], x, y[:len(x)]) }

// Mul sets dst[i] = x[i]·y[i].
func Mul(dst, x, y []float32) { current.Load().mul(dst[:len(x)], x, y[:len(x)]) }
