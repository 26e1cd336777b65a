package autograd_test

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/tensor"
)

// TestRecycle runs every operation on a tape whose memory is full of NaN, and
// wants the bits of a fresh tape.
func TestRecycle(t *testing.T) {
	for _, op := range largeOps() {
		t.Run(op.name, func(t *testing.T) {
			value := infer(op.f, op.inputs...)
			dy := random(8, value.Shape()...)
			want := gradients(op.f, dy, op.inputs...)

			tape := autograd.NewTape().Recycle()
			step := func(inputs []*tensor.Tensor, dy *tensor.Tensor) (*autograd.Var, []*autograd.Var) {
				leaves := make([]*autograd.Var, len(inputs))
				for i, x := range inputs {
					leaves[i] = tape.Leaf(x)
				}
				y := op.f(tape, leaves).RetainGrad()
				tape.BackwardFrom(y, dy)
				return y, leaves
			}
			var spoiled []*tensor.Tensor
			for _, x := range op.inputs {
				nan := tensor.New(x.Shape()...)
				nan.Fill(float32(math.NaN()))
				spoiled = append(spoiled, nan)
			}
			step(spoiled, tensor.Map(dy, func(float32) float32 { return float32(math.NaN()) }))
			tape.Reset()

			var before []*autograd.Var
			for range 3 {
				y, leaves := step(op.inputs, dy)
				wantClose(t, "value", y.Value, value, 0)
				wantClose(t, "gradient of the result", y.Grad, dy, 0)
				for i, l := range leaves {
					wantClose(t, "gradient", l.Grad, want[i], 0)
				}
				tape.Backward(autograd.Sum(y)) // again, with what was released lent once more
				tape.Reset()
				for i, l := range before {
					if sameData(l.Grad, leaves[i].Grad) {
						t.Errorf("gradient of input %d was lent again after Reset", i)
					}
				}
				before = leaves
			}
		})
	}
}

func sameData(a, b *tensor.Tensor) bool { return &a.Data()[0] == &b.Data()[0] }

// TestRecycleInference computes from constants on a tape's memory.
func TestRecycleInference(t *testing.T) {
	tape := autograd.NewTape().Recycle()
	for _, op := range largeOps() {
		want := infer(op.f, op.inputs...)
		for range 2 {
			inputs := make([]*autograd.Var, len(op.inputs))
			for j, x := range op.inputs {
				inputs[j] = tape.Const(x.Clone()) // the value may be a view of it
			}
			y := op.f(tape, inputs)
			wantClose(t, op.name, y.Value, want, 0)
			if y.NeedsGrad() || tape.Len() != 0 {
				t.Errorf("%s: a result of constants is on the tape", op.name)
			}
			y.Value.Fill(float32(math.NaN())) // for the next round
			tape.Reset()
		}
	}
	var none *autograd.Tape
	if none.Const(random(1, 3)).NeedsGrad() {
		t.Error("a constant of the nil tape needs a gradient")
	}
}

// TestEveryOperationRecycles wants a step on a tape that has its memory to take hardly any: no operation
// leaves its value, or a gradient, to the garbage collector.
func TestEveryOperationRecycles(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget their buffers")
	}
	defer tensor.SetThreads(0)
	tensor.SetThreads(1)
	for _, op := range largeOps() {
		tape := autograd.NewTape().Recycle()
		params := make([]*tensor.Tensor, len(op.inputs))
		size := 0
		for i, x := range op.inputs {
			params[i] = tensor.New(x.Shape()...)
			size = max(size, 4*x.Len())
		}
		dy := random(8, infer(op.f, op.inputs...).Shape()...)
		step := func() {
			in := make([]*autograd.Var, len(op.inputs))
			for i, x := range op.inputs {
				in[i] = tape.Param(x, params[i])
			}
			tape.BackwardFrom(op.f(tape, in), dy)
			tape.Reset()
		}
		step()
		step()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		step()
		runtime.ReadMemStats(&after)
		limit := size / 3
		if op.name == "attention" || op.name == "network" {
			limit = 256 << 10 // the scores of a block of queries, which each thread makes anew
		}
		if got := int(after.TotalAlloc - before.TotalAlloc); got > limit {
			t.Errorf("%s: a step takes %d bytes, want at most %d", op.name, got, limit)
		}
	}
}

// TestRecycleAllocates watches what steps allocate once the tape has its memory,
// and that memory no longer needed is let go.
func TestRecycleAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget their buffers")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection would empty the pools between two steps
	inputs := []*tensor.Tensor{random(1, 1024, 32), random(2, 64, 32), random(3, 64, 32), random(4, 32, 64), random(5, 32)}
	grads := make([]*tensor.Tensor, len(inputs))
	for i, x := range inputs {
		grads[i] = tensor.New(x.Shape()...)
	}
	allocated := func(tape *autograd.Tape) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		params := make([]*autograd.Var, len(inputs))
		for i, x := range inputs {
			params[i] = tape.Param(x, grads[i])
		}
		tape.Backward(autograd.SumSquares(network(tape, params)))
		tape.Reset()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	plain, tape := allocated(autograd.NewTape()), autograd.NewTape().Recycle()
	first := allocated(tape)
	allocated(tape)
	// What is left are small things, and the scratch memory of attention.
	if again := allocated(tape); again > plain/3 {
		t.Errorf("a step allocates %d bytes, the first one did %d, one without recycling %d", again, first, plain)
	}
	if first > plain {
		t.Errorf("the first step allocates %d bytes, one without recycling %d", first, plain)
	}
	tape.Reset()
	if again := allocated(tape); again > plain/3 {
		t.Errorf("a step after an idle Reset allocates %d bytes", again)
	}
	for range 10 {
		autograd.Scale(tape.Leaf(random(1, 5000)), 2)
		tape.Reset()
	}
	if again := allocated(tape); again < first/2 {
		t.Errorf("memory was kept over rounds that did not need it: %d bytes allocated, %d at first", again, first)
	}
}

// TestRecycleSmallerBatch: what a pass over few rows computes goes where a pass over more had its values.
func TestRecycleSmallerBatch(t *testing.T) {
	weights := random(1, 512, 256)
	pass := func(tape *autograd.Tape, x *tensor.Tensor) *tensor.Tensor {
		tape.Reset()
		h := autograd.Linear(tape.Const(x), autograd.Const(weights), nil)
		h = autograd.SiLU(h)
		return autograd.Add(h, autograd.Scale(h, 2)).Value
	}
	large, small := random(2, 256, 256), random(3, 30, 256)
	// The best of some rounds: where one thread did the whole large product since the other woke late, the small
	// one on two threads makes the second packing buffer.
	var got *tensor.Tensor
	least := uint64(math.MaxUint64)
	for range 10 {
		tape := autograd.NewTape().Recycle()
		pass(tape, large)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got = pass(tape, small)
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	if least > 4*512*30 {
		t.Errorf("a small pass after a large one allocates %d bytes", least)
	}
	want := pass(autograd.NewTape(), small)
	for i, v := range want.Data() {
		if got.Data()[i] != v {
			t.Fatalf("element %d is %v, in memory of its own %v", i, got.Data()[i], v)
		}
	}
}
