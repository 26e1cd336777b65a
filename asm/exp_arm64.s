//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "copy_arm64.h"

// Kernels built on the exponential function work on eight elements at a time, in
// V0 and V1, so that two chains of instructions run side by side. What is left
// over goes through a buffer on the stack and the same instructions, so an
// element comes out the same wherever it stands.

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

// V0 and V1 become 1 + e^-x.
#define ONE_PLUS_EXP_NEGATED \
	VFNEG_S4(0, 0);    \
	VFNEG_S4(1, 1);    \
	EXP;               \
	VFADD_S4(23, 0, 0); \
	VFADD_S4(23, 1, 1)

#define SIGMOID \
	ONE_PLUS_EXP_NEGATED; \
	VFDIV_S4(0, 23, 0);   \
	VFDIV_S4(1, 23, 1)

// Minus infinity must not meet the infinite denominator: anything below V24, -200,
// gives -0. V25 and V26 are used up.
#define SILU \
	VFMAX_S4(24, 0, 0);              \
	VFMAX_S4(24, 1, 1);              \
	VORR V0.B16, V0.B16, V25.B16;    \
	VORR V1.B16, V1.B16, V26.B16;    \
	ONE_PLUS_EXP_NEGATED;            \
	VFDIV_S4(0, 25, 0);              \
	VFDIV_S4(1, 26, 1)

#define SILU_CONSTANTS \
	CONSTANTS;               \
	FMOVS $-200.0, F24;      \
	VDUP V24.S[0], V24.S4

// tanh x = ±m/(m + 2) with m = e^2|x| - 1 = 2ⁿ·(e^r - 1) + (2ⁿ - 1), which does
// not cancel: for small x, n is 0. From V24, 10, on it is 1. V25 is the sign bit.
#define TANH \
	VORR V0.B16, V0.B16, V26.B16; \
	VORR V1.B16, V1.B16, V27.B16; \
	VFABS_S4(0, 0);               \
	VFABS_S4(1, 1);               \
	VFMIN_S4(24, 0, 0);           \
	VFMIN_S4(24, 1, 1);           \
	VFADD_S4(0, 0, 0);            \
	VFADD_S4(1, 1, 1);            \
	REDUCE;                       \
	HORNER(0, V21, V21, V4, V5, F4, F5); \
	HORNER(16, V4, V5, V6, V7, F6, F7);  \
	HORNER(32, V6, V7, V4, V5, F4, F5);  \
	HORNER(48, V4, V5, V6, V7, F6, F7);  \
	HORNER(64, V6, V7, V4, V5, F4, F5);  \
	VFMUL_S4(0, 0, 6);            \
	VFMUL_S4(1, 1, 7);            \
	VFMLA V4.S4, V6.S4, V0.S4;    \
	VFMLA V5.S4, V7.S4, V1.S4;    \
	VSHL $23, V2.S4, V2.S4;       \
	VSHL $23, V3.S4, V3.S4;       \
	VADD V22.S4, V2.S4, V2.S4;    \
	VADD V22.S4, V3.S4, V3.S4;    \
	VFSUB_S4(23, 2, 4);           \
	VFSUB_S4(23, 3, 5);           \
	VFMLA V0.S4, V2.S4, V4.S4;    \
	VFMLA V1.S4, V3.S4, V5.S4;    \
	VFADD_S4(28, 4, 6);           \
	VFADD_S4(28, 5, 7);           \
	VFDIV_S4(6, 4, 0);            \
	VFDIV_S4(7, 5, 1);            \
	VBIT V25.B16, V26.B16, V0.B16; \
	VBIT V25.B16, V27.B16, V1.B16

// dst = F(x) with R0 dst, R1 x, R3 n, R5 a buffer of eight elements.
#define UNARY(F) \
loop:                         \
	SUBS $8, R3;              \
	BLT  tail;                \
	FLDPQ.P 32(R1), (F0, F1); \
compute:                      \
	F;                        \
	TBNZ $63, R3, rest;       \
	FSTPQ.P (F0, F1), 32(R0); \
	B    loop;                \
tail:                         \
	ADDS $8, R3, R4;          \
	BEQ  done;                \
	STP  (ZR, ZR), (R5);      \
	STP  (ZR, ZR), 16(R5);    \
	COPY(R1, R5, copyin);     \
	FLDPQ (R5), (F0, F1);     \
	B    compute;             \
rest:                         \
	FSTPQ (F0, F1), (R5);     \
	COPY(R5, R0, copyout);    \
done:                         \
	RET

// func expF32NEON(dst, x *float32, n int)
TEXT ·expF32NEON(SB), NOSPLIT, $32-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	MOVD $buffer-32(SP), R5
	CONSTANTS
	UNARY(EXP)

// func sigmoidF32NEON(dst, x *float32, n int)
TEXT ·sigmoidF32NEON(SB), NOSPLIT, $32-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	MOVD $buffer-32(SP), R5
	CONSTANTS
	UNARY(SIGMOID)

// func siluF32NEON(dst, x *float32, n int)
TEXT ·siluF32NEON(SB), NOSPLIT, $32-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	MOVD $buffer-32(SP), R5
	SILU_CONSTANTS
	UNARY(SILU)

// func tanhF32NEON(dst, x *float32, n int)
TEXT ·tanhF32NEON(SB), NOSPLIT, $32-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R3
	MOVD $buffer-32(SP), R5
	CONSTANTS
	FMOVS $10.0, F24
	VDUP V24.S[0], V24.S4
	MOVW $0x80000000, R9
	VDUP R9, V25.S4
	VFADD_S4(23, 23, 28)
	UNARY(TANH)

// func swigluF32NEON(dst, gate, up *float32, n int)
TEXT ·swigluF32NEON(SB), NOSPLIT, $64-32
	MOVD dst+0(FP), R0
	MOVD gate+8(FP), R1
	MOVD up+16(FP), R2
	MOVD n+24(FP), R3
	MOVD $buffer-64(SP), R5
	ADD  $32, R5, R11
	SILU_CONSTANTS

loop:
	SUBS    $8, R3
	BLT     tail
	FLDPQ.P 32(R1), (F0, F1)
	FLDPQ.P 32(R2), (F27, F28)

compute:
	SILU
	VFMUL_S4(27, 0, 0)
	VFMUL_S4(28, 1, 1)
	TBNZ    $63, R3, rest
	FSTPQ.P (F0, F1), 32(R0)
	B       loop

tail:
	ADDS  $8, R3, R4
	BEQ   done
	STP   (ZR, ZR), (R5)
	STP   (ZR, ZR), 16(R5)
	STP   (ZR, ZR), 32(R5)
	STP   (ZR, ZR), 48(R5)
	COPY(R1, R5, copygate)
	COPY(R2, R11, copyup)
	FLDPQ (R5), (F0, F1)
	FLDPQ (R11), (F27, F28)
	B     compute

rest:
	FSTPQ (F0, F1), (R5)
	COPY(R5, R0, copyout)

done:
	RET

// func swigluGradF32NEON(dGate, dUp, dy, gate, up *float32, n int)
TEXT ·swigluGradF32NEON(SB), NOSPLIT, $96-48
	MOVD dGate+0(FP), R0
	MOVD dUp+8(FP), R1
	MOVD dy+16(FP), R2
	MOVD gate+24(FP), R11
	MOVD up+32(FP), R12
	MOVD n+40(FP), R3
	MOVD $buffer-96(SP), R5
	ADD  $32, R5, R13
	ADD  $64, R5, R14
	SILU_CONSTANTS

loop:
	SUBS    $8, R3
	BLT     tail
	FLDPQ.P 32(R11), (F0, F1)
	FLDPQ.P 32(R2), (F28, F29)
	FLDPQ.P 32(R12), (F30, F31)

compute:
	VFMAX_S4(24, 0, 0)
	VFMAX_S4(24, 1, 1)
	VORR  V0.B16, V0.B16, V25.B16
	VORR  V1.B16, V1.B16, V26.B16
	SIGMOID
	VFMUL_S4(0, 25, 2) // silu
	VFMUL_S4(1, 26, 3)
	VFSUB_S4(0, 23, 4)
	VFSUB_S4(1, 23, 5)
	VFMLA V4.S4, V2.S4, V0.S4 // its derivative
	VFMLA V5.S4, V3.S4, V1.S4
	VFMUL_S4(28, 2, 2)
	VFMUL_S4(29, 3, 3)
	VFMUL_S4(30, 28, 28)
	VFMUL_S4(31, 29, 29)
	VFMUL_S4(28, 0, 0)
	VFMUL_S4(29, 1, 1)
	TBNZ  $63, R3, rest
	FSTPQ.P (F0, F1), 32(R0)
	FSTPQ.P (F2, F3), 32(R1)
	B     loop

tail:
	ADDS  $8, R3, R4
	BEQ   done
	VEOR  V0.B16, V0.B16, V0.B16
	FSTPQ (F0, F0), (R5)
	FSTPQ (F0, F0), 32(R5)
	FSTPQ (F0, F0), 64(R5)
	COPY(R11, R5, copygate)
	COPY(R2, R13, copydy)
	COPY(R12, R14, copyup)
	FLDPQ (R5), (F0, F1)
	FLDPQ (R13), (F28, F29)
	FLDPQ (R14), (F30, F31)
	B     compute

rest:
	FSTPQ (F0, F1), (R5)
	FSTPQ (F2, F3), (R13)
	COPY(R5, R0, copydgate)
	COPY(R13, R1, copydup)

done:
	RET

// func expShiftedF32NEON(dst, x *float32, n int, shift float32) float64
TEXT ·expShiftedF32NEON(SB), NOSPLIT, $32-40
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  n+16(FP), R3
	FMOVS shift+24(FP), F24
	VDUP  V24.S[0], V24.S4
	MOVD  $buffer-32(SP), R5
	CONSTANTS
	VEOR  V28.B16, V28.B16, V28.B16
	VEOR  V29.B16, V29.B16, V29.B16
	VEOR  V30.B16, V30.B16, V30.B16
	VEOR  V31.B16, V31.B16, V31.B16

loop:
	SUBS    $8, R3
	BLT     tail
	FLDPQ.P 32(R1), (F0, F1)

compute:
	VFSUB_S4(24, 0, 0)
	VFSUB_S4(24, 1, 1)
	EXP
	VFCVTL_D2(0, 2)
	VFCVTL2_D2(0, 3)
	VFCVTL_D2(1, 4)
	VFCVTL2_D2(1, 5)
	VFADD_D2(2, 28, 28)
	VFADD_D2(3, 29, 29)
	VFADD_D2(4, 30, 30)
	VFADD_D2(5, 31, 31)
	TBNZ    $63, R3, rest
	FSTPQ.P (F0, F1), 32(R0)
	B       loop

tail: // filled up with minus infinity, which adds nothing
	ADDS  $8, R3, R4
	BEQ   done
	MOVW  $0xff800000, R9
	VDUP  R9, V0.S4
	FSTPQ (F0, F0), (R5)
	COPY(R1, R5, copyin)
	FLDPQ (R5), (F0, F1)
	B     compute

rest:
	FSTPQ (F0, F1), (R5)
	COPY(R5, R0, copyout)

done:
	VFADD_D2(29, 28, 28)
	VFADD_D2(31, 30, 30)
	VFADD_D2(30, 28, 28)
	VFADDP_D2(28, 28)
	FMOVD F28, ret+32(FP)
	RET
