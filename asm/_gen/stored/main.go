// Command stored writes the kernels that multiply stored weights by a few vectors.
package main

import (
	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	emit.Begin()
	for _, v := range []emit.Vec{emit.F32AVX512, emit.F32AVX2} {
		for _, f := range formats {
			quarters(v, f)
			bitmaskWiden(v, f)
			bitmaskPairs(v, f, false)
			if v.Level == "AVX512" {
				bitmaskPairs(v, f, true)
			}
			for _, tokens := range []int{1, 4} {
				plain(v, f, tokens)
				bitmask(v, f, tokens)
				semi(v, f, tokens)
			}
		}
	}
	unzip()
	for _, v := range []emit.Vec{emit.F32AVX512, emit.F32AVX2} {
		transpose(v)
		for _, f := range formats {
			panel(v, f)
		}
	}
	Generate()
}
