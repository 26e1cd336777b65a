package calib_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/prune/calib"
	"github.com/adagp/adagp/tensor"
)

// sums are one of each kind over inputs of 5 columns and targets of 3.
var sums = map[string]func() calib.Sum{
	"gram":    func() calib.Sum { return calib.NewGram(5) },
	"squares": func() calib.Sum { return calib.NewSquares(5) },
	"moments": func() calib.Sum { return calib.NewWindowMoments(5) },
	"cross":   func() calib.Sum { return calib.NewCross(3, 5) },
	"largest": func() calib.Sum { return newLargest(5) },
}

// values are the numbers in an encoded sum; the encodings of this package are made of words.
func values(t *testing.T, s calib.Sum) []byte {
	t.Helper()
	b, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A sum over tokens in two parts, merged, is the sum over all; and what is encoded comes back.
func TestSums(t *testing.T) {
	x, y := random(1, 24, 5), random(2, 24, 3)
	for name, empty := range sums {
		whole, first, second := empty(), empty(), empty()
		for _, part := range []struct {
			sum    calib.Sum
			lo, hi int
		}{{whole, 0, 24}, {first, 0, 8}, {second, 8, 24}} {
			b := calib.Batch{X: x.Rows(part.lo, part.hi), Y: y.Rows(part.lo, part.hi), WindowLen: 8}
			if err := part.sum.Add(b); err != nil {
				t.Fatal(err)
			}
		}
		sent := empty()
		if err := sent.UnmarshalBinary(values(t, second)); err != nil || !reflect.DeepEqual(sent, second) {
			t.Fatalf("%s: %+v comes back as %+v (%v)", name, second, sent, err)
		}
		if err := first.Merge(sent); err != nil {
			t.Fatal(err)
		}
		wantSums(t, name, first, whole)
		if whole.Bytes() < 8 {
			t.Errorf("%s: %d bytes", name, whole.Bytes())
		}
		for other, makeOther := range sums {
			if other != name && first.Merge(makeOther()) == nil {
				t.Errorf("%s was merged with %s", name, other)
			}
		}
	}
}

// wantSums compares the numbers of two sums. Grouping changes a sum of float64 by some 2⁻⁵² of it, and products in
// float32 by some 2⁻²⁴.
func wantSums(t *testing.T, name string, got, want calib.Sum) {
	t.Helper()
	a, b := numbers(reflect.ValueOf(got)), numbers(reflect.ValueOf(want))
	if len(a) != len(b) || len(a) == 0 {
		t.Fatalf("%s: %d numbers, want %d", name, len(a), len(b))
	}
	for i := range a {
		if math.Abs(a[i]-b[i]) > 1e-5*(1+math.Abs(b[i])) {
			t.Errorf("%s: number %d is %g, want %g", name, i, a[i], b[i])
		}
	}
}

// numbers lists the numbers in a value, in order.
func numbers(v reflect.Value) (list []float64) {
	switch v.Kind() {
	case reflect.Pointer:
		return numbers(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			list = append(list, numbers(v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			list = append(list, numbers(v.Index(i))...)
		}
	case reflect.Float64:
		list = append(list, v.Float())
	case reflect.Int:
		list = append(list, float64(v.Int()))
	}
	return list
}

func TestDamagedSums(t *testing.T) {
	for name, empty := range sums {
		good := values(t, empty())
		for what, b := range map[string][]byte{
			"cut off":  good[:len(good)-1],
			"too long": append(append([]byte(nil), good...), 0),
			"nothing":  nil,
			"huge":     append(append([]byte(nil), good[:len(good)/2]...), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		} {
			if err := empty().UnmarshalBinary(b); err == nil {
				t.Errorf("%s, %s: no error", name, what)
			}
		}
	}
	if err := calib.NewCross(3, 5).Add(calib.Batch{X: random(1, 2, 5)}); err == nil {
		t.Error("cross moments without targets")
	}
}

// largest is a statistic of one's own: the largest magnitude of each input.
type largest struct{ calib.Squares }

func newLargest(inputs int) *largest { return &largest{*calib.NewSquares(inputs)} }

func (l *largest) Add(b calib.Batch) error {
	for i := range b.X.Dim(0) {
		for j, v := range b.X.Row(i) {
			l.Sums[j] = max(l.Sums[j], math.Abs(float64(v)))
		}
	}
	l.Tokens += b.X.Dim(0)
	return nil
}

func (l *largest) Merge(o calib.Sum) error {
	p, ok := o.(*largest)
	if !ok {
		return errors.New("not such a statistic")
	}
	for j, v := range p.Sums {
		l.Sums[j] = max(l.Sums[j], v)
	}
	l.Tokens += p.Tokens
	return nil
}

// A statistic that this package does not know is collected like the others, and an error in it names it.
func TestOwnStatistic(t *testing.T) {
	kind := calib.Kind{Name: "largest", New: func(inputs int) calib.Sum { return newLargest(inputs) }}
	needs := calib.Needs{SquaredNorms: true}.Or(calib.Needs{More: []calib.Kind{kind}})
	if needs.None() || !(calib.Needs{}).None() {
		t.Error("needs with a statistic of one's own ask for nothing")
	}
	l := nn.NewLinear("l", 5, 2, false)
	c := calib.NewCollector(needs, l)
	x := random(3, 9, 5)
	c.Observe(l, x, nil)
	c.Observe(l, tensor.Scale(x, 2), nil)
	stats, err := c.Stats()
	if err != nil {
		t.Fatal(err)
	}
	got := stats[l].More["largest"].(*largest)
	for j, v := range got.Sums {
		want := 0.0
		for i := range 9 {
			want = max(want, 2*math.Abs(float64(x.At(i, j))))
		}
		if v != want || got.Tokens != 18 {
			t.Errorf("input %d: largest %g of %d tokens, want %g of 18", j, v, got.Tokens, want)
		}
	}
	broken := calib.Kind{Name: "broken", New: func(int) calib.Sum { return calib.NewCross(1, 5) }}
	if err := calib.NewStats(5, calib.Needs{More: []calib.Kind{broken}}).Add(calib.Batch{X: x}); err == nil || !strings.Contains(err.Error(), "statistic broken: ") {
		t.Errorf("error %v, want one that names the statistic", err)
	}
}

// Whatever bytes a sum is decoded from, it is refused or complete: what it encodes to is the same again.
func FuzzSums(f *testing.F) {
	for _, empty := range sums {
		b, err := empty().MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, empty := range sums {
			s := empty()
			if s.UnmarshalBinary(b) == nil && string(values(t, s)) != string(b) {
				t.Errorf("%s: decoded from %x and encoded to other bytes", name, b)
			}
		}
	})
}
