package emit

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Function starts a function with the given loop as its documentation.
func Function(v Vec, name, args, loop string) {
	build.TEXT(name+v.Suffix(), attr.NOSPLIT, "func"+args)
	build.Doc(fmt.Sprintf("%s computes", name+v.Suffix()), "", "\t"+loop)
	build.Pragma("noescape")
}

// Pointer loads a parameter that is an address.
func Pointer(name string) operand.Mem {
	return operand.Mem{Base: build.Load(build.Param(name), build.GP64())}
}

// Count loads the parameter n.
func Count() reg.Register { return build.Load(build.Param("n"), build.GP64()) }

// Scalar returns a vector filled with a parameter.
func Scalar(v Vec, name string) reg.VecVirtual {
	b, err := build.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	x := v.Reg()
	v.Bcast(b.Addr, x)
	return x
}

// Finish ends a function without a result in a register.
func Finish() {
	build.VZEROUPPER()
	build.RET()
}

// FinishSum folds the running sums and returns the total.
func FinishSum(v Vec, size int, add func(ops ...operand.Op), sums []reg.VecVirtual) {
	for n := len(sums) / 2; n > 0; n /= 2 {
		for i := range n {
			add(sums[i+n], sums[i], sums[i])
		}
	}
	total := v.Reduce(sums[0], size, add)
	build.VZEROUPPER() // first, as the store is not a vector instruction
	build.Store(total, build.ReturnIndex(0))
	build.RET()
}

// Zeros returns n vectors of zeros.
func Zeros(v Vec, n int) []reg.VecVirtual {
	x := make([]reg.VecVirtual, n)
	for i := range x {
		x[i] = v.Reg()
		v.Zero(x[i], x[i], x[i])
	}
	return x
}
