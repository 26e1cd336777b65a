package scratch_test

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/adagp/adagp/prune/scratch"
	"github.com/adagp/adagp/tensor"
)

func random(seed uint64, shape ...int) *tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 1))
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(r.NormFloat64())
	}
	return t
}

// TestStores: what is put comes back, all of it or some rows, in memory, as float32 and rounded to
// bfloat16; room that was freed is used again.
func TestStores(t *testing.T) {
	for _, d := range []tensor.DType{tensor.I64, tensor.F32, tensor.BF16} { // I64 stands for memory
		s, err := scratch.Memory(), error(nil)
		if d != tensor.I64 {
			if s, err = scratch.File(t.TempDir(), d); err != nil {
				t.Fatal(err)
			}
		}
		bound := 0.0
		if d == tensor.BF16 {
			bound = 1. / 256
		}
		equal := func(got, want *tensor.Tensor) {
			t.Helper()
			if !slices.Equal(got.Shape(), want.Shape()) {
				t.Fatalf("%v: shape %v, want %v", d, got.Shape(), want.Shape())
			}
			for i, v := range want.Data() {
				if math.Abs(float64(got.Data()[i]-v)) > bound*math.Abs(float64(v)) {
					t.Fatalf("%v: element %d is %v, want %v", d, i, got.Data()[i], v)
				}
			}
		}
		load := func(slot *scratch.Slot) *tensor.Tensor {
			t.Helper()
			x, err := slot.Load()
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		a, b := random(1, 700, 801), random(2, 3, 801) // larger than one piece
		sa, errA := s.Put(a)
		sb, errB := s.Put(b)
		if err := errors.Join(errA, errB); err != nil {
			t.Fatal(err)
		}
		equal(load(sa), a)
		equal(load(sb), b)
		rows, err := sa.Rows(650, 652)
		if err != nil {
			t.Fatal(err)
		}
		equal(rows, a.Rows(650, 652))
		c := random(3, 3, 801)
		if err := sb.Save(c); err != nil {
			t.Fatal(err)
		}
		equal(load(sb), c)
		equal(load(sa), a)
		size := s.Bytes()
		sa.Free()
		sa.Free()
		if sa, err = s.Put(random(4, 700, 801)); err != nil {
			t.Fatal(err)
		}
		if s.Bytes() != size || s.InFile() != (size > 0) {
			t.Errorf("%v: %d bytes in use, want %d as before", d, s.Bytes(), size)
		}
		equal(load(sa), random(4, 700, 801))
		equal(load(sb), c)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if d != tensor.I64 {
			if _, err := sb.Load(); !errors.Is(err, os.ErrClosed) {
				t.Errorf("after Close: error %v, want os.ErrClosed", err)
			}
		}
	}
}

// TestNothingIsLeft: the file has no name, so nothing has to remove it.
func TestNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	s, err := scratch.File(dir, tensor.F32)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("%v in the folder, error %v; want nothing", list, err)
	}
	if _, err := scratch.File(filepath.Join(dir, "none"), tensor.F32); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder that does not exist: error %v", err)
	}
	if _, err := scratch.File(dir, tensor.F16); err == nil {
		t.Error("a scratch file of F16, which hidden states overflow")
	}
}

// TestTruncated: a file that somebody cuts off is an error.
func TestTruncated(t *testing.T) {
	s, err := scratch.File(t.TempDir(), tensor.F32)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	slot, err := s.Put(random(1, 10, 10))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Truncate(100); err != nil {
		t.Fatal(err)
	}
	if _, err := slot.Load(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want io.ErrUnexpectedEOF", err)
	}
}
