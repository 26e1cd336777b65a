package linalg_test

import (
	"errors"
	"fmt"

	"github.com/adagp/adagp/tensor/linalg"
)

func ExampleSolveSPD() {
	a := linalg.FromSlice([]float64{
		4, 2,
		2, 5,
	}, 2, 2)
	x, err := linalg.SolveSPD(a, linalg.FromSlice([]float64{8, 12}, 2, 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", x.Data)

	a.Set(1, 1, 1) // 4·1 − 2·2 = 0
	_, err = linalg.Cholesky(a)
	var singular *linalg.NotPositiveDefiniteError
	fmt.Println(errors.As(err, &singular), err)
	// Output:
	// [1.000 2.000]
	// true matrix is not positive definite: pivot 1 is 0
}

func ExampleInverseUpperFactor() {
	a := linalg.FromSlice([]float64{
		4, 2,
		2, 5,
	}, 2, 2)
	u, err := linalg.InverseUpperFactor(a)
	if err != nil {
		fmt.Println(err)
		return
	}
	inverse := linalg.MulTN(u, u)
	fmt.Printf("%.4f\n%.4f\n", inverse.Row(0), inverse.Row(1))
	// Output:
	// [0.3125 -0.1250]
	// [-0.1250 0.2500]
}
