package autograd_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/adagp/adagp/autograd"
	"github.com/adagp/adagp/autograd/gradcheck"
	"github.com/adagp/adagp/tensor"
)

func TestDropout(t *testing.T) {
	f := unary(func(x *autograd.Var) *autograd.Var { return autograd.Dropout(x, 0.25, rand.New(rand.NewPCG(1, 2))) })
	x := tensor.New(100, 100)
	x.Fill(3)
	zeros := 0
	for _, v := range infer(f, x).Data() {
		if v == 0 {
			zeros++
		} else if v != 4 {
			t.Fatalf("a kept element is %v, want 4", v)
		}
	}
	if zeros < 2300 || zeros > 2700 {
		t.Errorf("%d of 10000 elements were dropped, want about 2500", zeros)
	}
	none := unary(func(x *autograd.Var) *autograd.Var { return autograd.Dropout(x, 0, rand.New(rand.NewPCG(1, 2))) })
	wantClose(t, "share 0", infer(none, x), x, 0)
	gradcheck.Check(t, "dropout", f, random(1, 4, 5))
	for _, bad := range []float64{-0.1, 1, math.NaN()} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("share %v did not panic", bad)
				}
			}()
			autograd.Dropout(autograd.Const(x), bad, rand.New(rand.NewPCG(1, 2)))
		}()
	}
}
