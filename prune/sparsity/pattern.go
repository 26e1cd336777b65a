package sparsity

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Pattern says which zeros to make. With N = M = 0 it is unstructured: a share Sparsity of the
// weights, wherever the solver's scope finds the least valuable ones. Otherwise it is N:M: N zeros
// among every M neighbours along the input dimension; a tail of t < M columns gets ⌊t·N/M⌋.
type Pattern struct {
	Sparsity float64 // share of zeros, 0 <= Sparsity < 1; N/M when structured
	N, M     int     // zeros per group and group length, 1 <= N < M
}

// Unstructured returns the pattern of a share s of zeros anywhere; see [Pattern.Check] for its range.
func Unstructured(s float64) Pattern { return Pattern{Sparsity: s} }

// NM returns the pattern of n zeros in every m neighbours along a row.
func NM(n, m int) Pattern {
	p := Pattern{N: n, M: m}
	if m > 0 {
		p.Sparsity = float64(n) / float64(m)
	}
	return p
}

// ParsePattern reads "N:M", such as "2:4", or a plain share of zeros, such as "0.7". What it returns
// without an error has passed Check.
func ParsePattern(s string) (Pattern, error) {
	var p Pattern
	if ns, ms, ok := strings.Cut(s, ":"); ok {
		n, errN := parseSmall(ns)
		m, errM := parseSmall(ms)
		if errN != nil || errM != nil {
			return Pattern{}, fmt.Errorf("pattern %q: want N:M with whole numbers, such as 2:4", s)
		}
		// Not NM: a pattern such as 0:0 must not turn into an unstructured one.
		if n < 1 || n >= m {
			return Pattern{}, fmt.Errorf("pattern %q: want N zeros in every M with 1 <= N < M, got N = %d, M = %d", s, n, m)
		}
		p = NM(n, m)
	} else {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return Pattern{}, fmt.Errorf("pattern %q: want N:M, such as 2:4, or a sparsity such as 0.5", s)
		}
		p = Unstructured(v)
	}
	if err := p.Check(); err != nil {
		return Pattern{}, err
	}
	return p, nil
}

// parseSmall reads an unsigned decimal number below a million; no sign, no blanks.
func parseSmall(s string) (int, error) {
	v, err := strconv.ParseUint(s, 10, 32)
	if err == nil && v > 1e6 {
		err = strconv.ErrRange
	}
	return int(v), err
}

// Structured reports whether the pattern is N:M.
func (p Pattern) Structured() bool { return p.N != 0 || p.M != 0 }

// PatternError is the value of the panic raised where a pattern has to have passed Check, or to be N:M, and has
// not. It is a mistake of the calling program; patterns that users give are checked before.
type PatternError struct {
	Op  string // function that was called, such as "SelectNM"
	Err error  // what is wrong with the pattern
}

// Error names the function and the fault.
func (e *PatternError) Error() string { return "sparsity: " + e.Op + ": " + e.Err.Error() }

// Unwrap returns what is wrong with the pattern.
func (e *PatternError) Unwrap() error { return e.Err }

// ConflictError says that two settings contradict each other.
type ConflictError struct {
	A, B string // each with its name and value, such as "preset best"
}

// Error names both.
func (e *ConflictError) Error() string {
	return e.A + " and " + e.B + " exclude each other: want one of them"
}

// must panics with a *PatternError unless the pattern passes Check.
func (p Pattern) must(op string) {
	if err := p.Check(); err != nil {
		panic(&PatternError{op, err})
	}
}

// mustGroup panics with a *PatternError unless the pattern is N:M and passes Check.
func (p Pattern) mustGroup(op string) {
	if !p.Structured() {
		panic(&PatternError{op, fmt.Errorf("sparsity %v: want a pattern N:M", p.Sparsity)})
	}
	p.must(op)
}

// Check returns an error unless 0 <= Sparsity < 1 or, for N:M, 1 <= N < M, and a *ConflictError for an N:M pattern
// with another sparsity than N/M (0 is none).
func (p Pattern) Check() error {
	if p.Structured() {
		if p.N < 1 || p.N >= p.M {
			return fmt.Errorf("pattern %d:%d: want N zeros in every M with 1 <= N < M", p.N, p.M)
		}
		if s := p.Sparsity; s != 0 && s != NM(p.N, p.M).Sparsity {
			return &ConflictError{"pattern " + p.String(), fmt.Sprintf("sparsity %v", s)}
		}
		return nil
	}
	if !(p.Sparsity >= 0 && p.Sparsity < 1) {
		return fmt.Errorf("sparsity %v: want 0 <= sparsity < 1", p.Sparsity)
	}
	return nil
}

// String returns "N:M" or the sparsity, as ParsePattern reads it.
func (p Pattern) String() string {
	if p.Structured() {
		return fmt.Sprintf("%d:%d", p.N, p.M)
	}
	return strconv.FormatFloat(p.Sparsity, 'g', -1, 64)
}

// MarshalJSON writes {"n":2,"m":4} or {"sparsity":0.7}.
func (p Pattern) MarshalJSON() ([]byte, error) {
	if p.Structured() {
		return json.Marshal(map[string]int{"n": p.N, "m": p.M})
	}
	return json.Marshal(map[string]float64{"sparsity": p.Sparsity})
}

// UnmarshalJSON reads what MarshalJSON writes, and checks it.
func (p *Pattern) UnmarshalJSON(b []byte) error {
	var f struct {
		Sparsity *float64 `json:"sparsity"`
		N, M     int
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return fmt.Errorf("pattern: %w", err)
	}
	switch {
	case f.N != 0 || f.M != 0:
		*p = NM(f.N, f.M)
		if s := f.Sparsity; s != nil && *s != p.Sparsity {
			return &ConflictError{"pattern " + p.String(), fmt.Sprintf("sparsity %v", *s)}
		}
	case f.Sparsity != nil:
		*p = Unstructured(*f.Sparsity)
	default:
		return fmt.Errorf("pattern %s: want \"sparsity\" or \"n\" and \"m\"", b)
	}
	return p.Check()
}

// Count returns ⌊k·Sparsity + 1e-9⌋, the zeros due among the first k weights of an unstructured
// pattern. Differences of Count give parts of a matrix their shares such that the total is exact;
// the small term keeps products such as 0.7·10 from rounding down to 6.
func (p Pattern) Count(k int) int { return int(math.Floor(float64(k)*p.Sparsity + 1e-9)) }

// GroupZeros returns the zeros due in an N:M group of t <= M columns: N, or ⌊t·N/M⌋ for a tail. Another pattern
// panics with a *PatternError.
func (p Pattern) GroupZeros(t int) int {
	if p.M < 1 {
		p.mustGroup("Pattern.GroupZeros")
	}
	return t * p.N / p.M
}

// Tail returns the number of columns left over by the groups of an N:M pattern, 0 for an
// unstructured one. An N:M pattern that Check refuses panics with a *PatternError.
func (p Pattern) Tail(cols int) int {
	if !p.Structured() {
		return 0
	}
	p.must("Pattern.Tail")
	return cols % p.M
}

// Zeros returns the number of zeros that the pattern makes in a matrix [rows, cols]. An N:M pattern that Check
// refuses panics with a *PatternError.
func (p Pattern) Zeros(rows, cols int) int {
	if !p.Structured() {
		return p.Count(rows * cols)
	}
	p.must("Pattern.Zeros")
	return rows * (cols/p.M*p.N + p.GroupZeros(cols%p.M))
}

// Verify returns an error unless the mask has the zeros the pattern asks for: at least the due number in
// every group of an N:M pattern, and within 1e-3 of the share (or one weight, for small matrices) otherwise.
func (p Pattern) Verify(m *Mask) error {
	if !p.Structured() {
		got, want := m.Zeros(), p.Count(m.Rows*m.Cols)
		if d := math.Abs(float64(got - want)); d > max(1, 1e-3*float64(m.Rows*m.Cols)) {
			return fmt.Errorf("%d of %d weights pruned, want %d for sparsity %v", got, m.Rows*m.Cols, want, p.Sparsity)
		}
		return nil
	}
	for i := range m.Rows {
		for j := 0; j < m.Cols; j += p.M {
			end, zeros := min(j+p.M, m.Cols), 0
			for k := j; k < end; k++ {
				if !m.Keep(i, k) {
					zeros++
				}
			}
			if want := p.GroupZeros(end - j); zeros < want {
				return fmt.Errorf("%d zeros in row %d, columns %d to %d, want %d for %v", zeros, i, j, end-1, want, p)
			}
		}
	}
	return nil
}
