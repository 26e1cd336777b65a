// Instructions that the Go assembler has no name for. Each macro stands for one
// of them, with the operands in the order of Go (sources, then destination) and
// vector registers by number:
//
//	VFADD_S4(m, n, d)	would be VFADD Vm.S4, Vn.S4, Vd.S4
//
// The encodings are those of the Arm Architecture Reference Manual (DDI 0487),
// section C7.2, of Advanced SIMD as every 64-bit Arm processor has it.

// fmla vd.4s, vn.4s, vm.s[i]: d += n·m[i], and the same of two doubles
#define VFMLA_S4I(m, i, n, d) WORD $(0x4f801000 | ((i)&1)<<21 | (m)<<16 | ((i)>>1)<<11 | (n)<<5 | (d))
#define VFMLA_D2I(m, i, n, d) WORD $(0x4fc01000 | (m)<<16 | (i)<<11 | (n)<<5 | (d))

// fadd, fsub, fmul, fdiv vd.4s, vn.4s, vm.4s: d = n ∘ m
#define VFADD_S4(m, n, d) WORD $(0x4e20d400 | (m)<<16 | (n)<<5 | (d))
#define VFSUB_S4(m, n, d) WORD $(0x4ea0d400 | (m)<<16 | (n)<<5 | (d))
#define VFMUL_S4(m, n, d) WORD $(0x6e20dc00 | (m)<<16 | (n)<<5 | (d))
#define VFDIV_S4(m, n, d) WORD $(0x6e20fc00 | (m)<<16 | (n)<<5 | (d))

// fadd, fsub, fmul vd.2d, vn.2d, vm.2d
#define VFADD_D2(m, n, d) WORD $(0x4e60d400 | (m)<<16 | (n)<<5 | (d))
#define VFSUB_D2(m, n, d) WORD $(0x4ee0d400 | (m)<<16 | (n)<<5 | (d))
#define VFMUL_D2(m, n, d) WORD $(0x6e60dc00 | (m)<<16 | (n)<<5 | (d))

// fmax, fmin vd.4s, vn.4s, vm.4s: NaN if one of them is
#define VFMAX_S4(m, n, d) WORD $(0x4e20f400 | (m)<<16 | (n)<<5 | (d))
#define VFMIN_S4(m, n, d) WORD $(0x4ea0f400 | (m)<<16 | (n)<<5 | (d))

// fcmeq vd.4s, vn.4s, vm.4s: all bits of d set where n = m, none elsewhere
#define VFCMEQ_S4(m, n, d) WORD $(0x4e20e400 | (m)<<16 | (n)<<5 | (d))

// fabs, fneg vd.4s, vn.4s
#define VFABS_S4(n, d) WORD $(0x4ea0f800 | (n)<<5 | (d))
#define VFNEG_S4(n, d) WORD $(0x6ea0f800 | (n)<<5 | (d))

// frintn: to the nearest integer, ties to even; fcvtns: that as an int32
#define VFRINTN_S4(n, d) WORD $(0x4e218800 | (n)<<5 | (d))
#define VFCVTNS_S4(n, d) WORD $(0x4e21a800 | (n)<<5 | (d))

// sshr vd.4s, vn.4s, #shift: d = n>>shift, signed
#define VSSHR_S4(shift, n, d) WORD $(0x4f000400 | (64-(shift))<<16 | (n)<<5 | (d))

// fcvtl vd.2d, vn.2s and fcvtl2 vd.2d, vn.4s: the lower, the upper half of n as
// float64; fcvtl vd.4s, vn.4h and fcvtl2 vd.4s, vn.8h: binary16 as float32
#define VFCVTL_D2(n, d) WORD $(0x0e617800 | (n)<<5 | (d))
#define VFCVTL2_D2(n, d) WORD $(0x4e617800 | (n)<<5 | (d))
#define VFCVTL_S4(n, d) WORD $(0x0e217800 | (n)<<5 | (d))
#define VFCVTL2_S4(n, d) WORD $(0x4e217800 | (n)<<5 | (d))

// fcvtn vd.2s, vn.2d and fcvtn2 vd.4s, vn.2d: float64 n to the lower, the upper
// half of d; fcvtn vd.4h, vn.4s and fcvtn2 vd.8h, vn.4s: float32 to binary16
#define VFCVTN_S2(n, d) WORD $(0x0e616800 | (n)<<5 | (d))
#define VFCVTN2_S4(n, d) WORD $(0x4e616800 | (n)<<5 | (d))
#define VFCVTN_H4(n, d) WORD $(0x0e216800 | (n)<<5 | (d))
#define VFCVTN2_H8(n, d) WORD $(0x4e216800 | (n)<<5 | (d))

// faddp vd.4s, vn.4s, vm.4s: sums of neighbours, of n first; faddp sd, vn.2s and
// faddp dd, vn.2d: the sum of two
#define VFADDP_S4(m, n, d) WORD $(0x6e20d400 | (m)<<16 | (n)<<5 | (d))
#define VFADDP_S2(n, d) WORD $(0x7e30d800 | (n)<<5 | (d))
#define VFADDP_D2(n, d) WORD $(0x7e70d800 | (n)<<5 | (d))

// fmaxv sd, vn.4s and umaxv sd, vn.4s: the largest, as float32, as uint32
#define VFMAXV_S4(n, d) WORD $(0x6e30f800 | (n)<<5 | (d))
#define VUMAXV_S4(n, d) WORD $(0x6eb0a800 | (n)<<5 | (d))
