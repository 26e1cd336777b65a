// Package packed multiplies by weights as they are stored: in half precision, or without their
// zeros.
//
// What a product with one token takes is the time to read the weights, so fewer bytes are more
// tokens per second. There are three layouts of a matrix [out, in]:
//
//   - [Plain]: every weight, in float32, float16 or bfloat16.
//   - [Bitmask]: a bit per weight that says whether it is stored, and the stored ones one after the
//     other. It is smaller from 6 % zeros on (float32: 3 %), and faster from
//     [BreakEven] on.
//   - [Semi]: 2:4 sparsity, two weights of every four and two bits of position for each.
//
// Unpacking is exact, to the bit: only weights whose bytes are all zero are left out, so -0 and the
// payload of a NaN come back.
//
// Products are in float32. A weight that is not stored takes no part, which shows only where an
// input is infinite or NaN. Results do not depend on the number of threads.
//
// All byte slices may come from a memory-mapped file and need no alignment. The constructors check
// everything that a product relies on.
package packed
