// The exponential function of eight elements in V0 and V1, for kernels that include textflag.h and neon_arm64.h.

// A constant for all lanes, at offset in the table.
#define LANES(offset, value) \
	DATA exponential<>+(offset+0)(SB)/4, $value;  \
	DATA exponential<>+(offset+4)(SB)/4, $value;  \
	DATA exponential<>+(offset+8)(SB)/4, $value;  \
	DATA exponential<>+(offset+12)(SB)/4, $value

// Taylor coefficients of e^r, from r⁶ to r⁰.
LANES(0, 0.001388888888888889)
LANES(16, 0.008333333333333333)
LANES(32, 0.041666666666666664)
LANES(48, 0.16666666666666666)
LANES(64, 0.5)
LANES(80, 1.0)
LANES(96, 1.0)
// Beyond these, e^x is 0 and infinite in float32.
LANES(112, -104.0)
LANES(128, 89.0)
// 1/ln 2, and ln 2 in two parts: the high one has eight trailing zeros, so that
// its product with any exponent is exact.
LANES(144, 1.4426950408889634)
LANES(160, 0.693145751953125)
LANES(176, 1.4286068202862268e-06)
// The coefficient of r⁷.
LANES(192, 0.0001984126984126984)
GLOBL exponential<>(SB), RODATA|NOPTR, $208

// What does not change from turn to turn: V16 and V17 the bounds, V18 1/ln 2,
// V19 and V20 ln 2, V21 the coefficient of r⁷, V22 the bits of 1, V23 1.
#define CONSTANTS \
	MOVD  $exponential<>(SB), R10; \
	FLDPQ 112(R10), (F16, F17);    \
	FLDPQ 144(R10), (F18, F19);    \
	FLDPQ 176(R10), (F20, F21);    \
	FMOVQ 80(R10), F22;            \
	VORR  V22.B16, V22.B16, V23.B16

// One step of Horner's scheme: next = coefficient at offset + r·p. Reading the
// coefficient costs less than copying it from a register, arithmetic being the
// bottleneck.
#define HORNER(offset, p0, p1, next0, next1, f0, f1) \
	FMOVQ offset(R10), f0;         \
	FMOVQ offset(R10), f1;         \
	VFMLA p0.S4, V0.S4, next0.S4;  \
	VFMLA p1.S4, V1.S4, next1.S4

// V0 and V1 become r = x - n·ln 2 with |r| ≤ ln(2)/2, V2 and V3 n.
#define REDUCE \
	VFMUL_S4(18, 0, 2);        \
	VFMUL_S4(18, 1, 3);        \
	VFRINTN_S4(2, 2);          \
	VFRINTN_S4(3, 3);          \
	VFMLS V19.S4, V2.S4, V0.S4; \
	VFMLS V19.S4, V3.S4, V1.S4; \
	VFMLS V20.S4, V2.S4, V0.S4; \
	VFMLS V20.S4, V3.S4, V1.S4; \
	VFCVTNS_S4(2, 2);          \
	VFCVTNS_S4(3, 3)

// V0 and V1 become e^x = 2ⁿ·e^r. As 2ⁿ need not be a number in float32, it is
// multiplied in two halves. V2 to V7 are used up. The bounds let NaN pass.
#define EXP \
	VFMAX_S4(16, 0, 0);         \
	VFMAX_S4(16, 1, 1);         \
	VFMIN_S4(17, 0, 0);         \
	VFMIN_S4(17, 1, 1);         \
	REDUCE;                     \
	HORNER(0, V21, V21, V4, V5, F4, F5); \
	HORNER(16, V4, V5, V6, V7, F6, F7);  \
	HORNER(32, V6, V7, V4, V5, F4, F5);  \
	HORNER(48, V4, V5, V6, V7, F6, F7);  \
	HORNER(64, V6, V7, V4, V5, F4, F5);  \
	HORNER(80, V4, V5, V6, V7, F6, F7);  \
	HORNER(96, V6, V7, V4, V5, F4, F5);  \
	VSSHR_S4(1, 2, 6);          \
	VSSHR_S4(1, 3, 7);          \
	VSUB V6.S4, V2.S4, V2.S4;   \
	VSUB V7.S4, V3.S4, V3.S4;   \
	VSHL $23, V6.S4, V6.S4;     \
	VSHL $23, V7.S4, V7.S4;     \
	VSHL $23, V2.S4, V2.S4;     \
	VSHL $23, V3.S4, V3.S4;     \
	VADD V22.S4, V6.S4, V6.S4;  \
	VADD V22.S4, V7.S4, V7.S4;  \
	VADD V22.S4, V2.S4, V2.S4;  \
	VADD V22.S4, V3.S4, V3.S4;  \
	VFMUL_S4(6, 4, 4);          \
	VFMUL_S4(7, 5, 5);          \
	VFMUL_S4(2, 4, 0);          \
	VFMUL_S4(3, 5, 1)
