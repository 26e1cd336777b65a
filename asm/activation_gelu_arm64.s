//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "copy_arm64.h"

// Both forms of GELU need an exponential of something that was rounded before,
// which float32 cannot give to the last digits. So they compute in float64: four
// elements at a time, V0, as two vectors side by side.

// A constant for both lanes, at offset in the table.
#define LANES(offset, value) \
	DATA gelu<>+(offset+0)(SB)/8, $value; \
	DATA gelu<>+(offset+8)(SB)/8, $value

// Taylor coefficients of e^r, from r⁶ to r⁰.
LANES(0, 0.001388888888888889)
LANES(16, 0.008333333333333333)
LANES(32, 0.041666666666666664)
LANES(48, 0.16666666666666666)
LANES(64, 0.5)
LANES(80, 1.0)
LANES(96, 1.0)
// 1/ln 2; a number that rounds to an integer what is added to it, and leaves that
// in its low bits; ln 2; the coefficient of r⁷.
LANES(112, 1.4426950408889634)
LANES(128, 6755399441055744.0)
LANES(144, 0.6931471805599453)
LANES(160, 0.0001984126984126984)
// (1-Φ(a))·e^(a²/2) as a quotient of polynomials, from a⁴ and from a⁵ to a⁰, with
// a relative error below 6·10⁻⁹ for 0 ≤ a ≤ 14.4, by iterated least squares. There
// is nothing to cancel.
LANES(176, 0.00410661425852135088)
LANES(192, 0.0405683679013829595)
LANES(208, 0.183043501081701228)
LANES(224, 0.43803752501601775)
LANES(240, 0.500000002902928194)
LANES(256, 0.0102936336350908083)
LANES(272, 0.101696348793039181)
LANES(288, 0.468964525981808612)
LANES(304, 1.20170914412754639)
LANES(320, 1.67396002439076364)
LANES(336, 1.0)
// -2·√(2/π) and that times 0.044715.
LANES(352, -1.5957691216057308)
LANES(368, -0.07135481627260025)
GLOBL gelu<>(SB), RODATA|NOPTR, $384

// What does not change from turn to turn: V16 1/ln 2, V17 the number that rounds,
// V18 ln 2, V19 the coefficient of r⁷, V20 1.
#define CONSTANTS \
	MOVD  $gelu<>(SB), R10;     \
	FLDPQ 112(R10), (F16, F17); \
	FLDPQ 144(R10), (F18, F19); \
	FMOVQ 96(R10), F20

// One step of Horner's scheme: next = coefficient at offset + x·p.
#define HORNER(offset, x0, x1, p0, p1, next0, next1, f0, f1) \
	FMOVQ offset(R10), f0;         \
	FMOVQ offset(R10), f1;         \
	VFMLA p0.D2, x0.D2, next0.D2;  \
	VFMLA p1.D2, x1.D2, next1.D2

// V0 and V1 become e^x = 2ⁿ·e^r, for |x| up to 700. V2 to V7 are used up.
#define EXP \
	VORR V17.B16, V17.B16, V2.B16; \
	VORR V17.B16, V17.B16, V3.B16; \
	VFMLA V16.D2, V0.D2, V2.D2;    \
	VFMLA V16.D2, V1.D2, V3.D2;    \
	VFSUB_D2(17, 2, 4);            \
	VFSUB_D2(17, 3, 5);            \
	VFMLS V18.D2, V4.D2, V0.D2;    \
	VFMLS V18.D2, V5.D2, V1.D2;    \
	HORNER(0, V0, V1, V19, V19, V4, V5, F4, F5); \
	HORNER(16, V0, V1, V4, V5, V6, V7, F6, F7);  \
	HORNER(32, V0, V1, V6, V7, V4, V5, F4, F5);  \
	HORNER(48, V0, V1, V4, V5, V6, V7, F6, F7);  \
	HORNER(64, V0, V1, V6, V7, V4, V5, F4, F5);  \
	HORNER(80, V0, V1, V4, V5, V6, V7, F6, F7);  \
	HORNER(96, V0, V1, V6, V7, V4, V5, F4, F5);  \
	VSHL $52, V2.D2, V2.D2;        \
	VSHL $52, V3.D2, V3.D2;        \
	VADD V20.D2, V2.D2, V2.D2;     \
	VADD V20.D2, V3.D2, V3.D2;     \
	VFMUL_D2(2, 4, 0);             \
	VFMUL_D2(3, 5, 1)

// x/(1 + e^-w) with w = x·2·√(2/π)·(1 + 0.044715·x²), from V24, -10.1, to V25,
// 10.1. Beyond, the denominator stays infinite or 1. The numerator starts at V26,
// -200, as minus infinity must not meet the infinite denominator.
#define GELU_TANH \
	VFMAX_S4(26, 0, 28);           \
	VFMAX_S4(24, 0, 0);            \
	VFMIN_S4(25, 0, 0);            \
	VFCVTL2_D2(0, 1);              \
	VFCVTL_D2(0, 0);               \
	VFMUL_D2(0, 0, 2);             \
	VFMUL_D2(1, 1, 3);             \
	FMOVQ 352(R10), F4;            \
	FMOVQ 352(R10), F5;            \
	VFMLA V21.D2, V2.D2, V4.D2;    \
	VFMLA V21.D2, V3.D2, V5.D2;    \
	VFMUL_D2(4, 0, 0);             \
	VFMUL_D2(5, 1, 1);             \
	EXP;                           \
	VFADD_D2(20, 0, 0);            \
	VFADD_D2(20, 1, 1);            \
	VFCVTN_S2(0, 2);               \
	VFCVTN2_S4(1, 2);              \
	VFDIV_S4(2, 28, 0)

// max(x, 0) - a·(1-Φ(a)) with a = |x|, up to V24, 14.4, where the second factor
// disappears. V25 is 0, V26 -1/2.
#define GELU \
	VFMAX_S4(25, 0, 28);           \
	VFABS_S4(0, 0);                \
	VFMIN_S4(24, 0, 29);           \
	VFCVTL_D2(29, 30);             \
	VFCVTL2_D2(29, 31);            \
	VFMUL_D2(30, 30, 0);           \
	VFMUL_D2(31, 31, 1);           \
	VFMUL_D2(26, 0, 0);            \
	VFMUL_D2(26, 1, 1);            \
	EXP;                           \
	FMOVQ 176(R10), F2;            \
	FMOVQ 256(R10), F6;            \
	HORNER(192, V30, V31, V2, V2, V4, V5, F4, F5);  \
	HORNER(272, V30, V31, V6, V6, V22, V23, F22, F23); \
	HORNER(208, V30, V31, V4, V5, V2, V3, F2, F3);  \
	HORNER(288, V30, V31, V22, V23, V6, V7, F6, F7); \
	HORNER(224, V30, V31, V2, V3, V4, V5, F4, F5);  \
	HORNER(304, V30, V31, V6, V7, V22, V23, F22, F23); \
	HORNER(240, V30, V31, V4, V5, V2, V3, F2, F3);  \
	HORNER(320, V30, V31, V22, V23, V6, V7, F6, F7); \
	HORNER(336, V30, V31, V6, V7, V22, V23, F22, F23); \
	VFMUL_D2(30, 0, 0);            \
	VFMUL_D2(31, 1, 1);            \
	VFMUL_D2(0, 2, 2);             \
	VFMUL_D2(1, 3, 3);             \
	VFCVTN_S2(2, 4);               \
	VFCVTN2_S4(3, 4);              \
	VFCVTN_S2(22, 5);              \
	VFCVTN2_S4(23, 5);             \
	VFDIV_S4(5, 4, 4);             \
	VFSUB_S4(4, 28, 0)

// dst = F(x) with R0 dst, R1 x, R3 n, R5 a buffer of four elements.
#define UNARY(F) \
loop:                         \
	SUBS $4, R3;              \
	BLT  tail;                \
	FMOVQ.P 16(R1), F0;       \
compute:                      \
	F;                        \
	TBNZ $63, R3, rest;       \
	FMOVQ.P F0, 16(R0);       \
	B    loop;                \
tail:                         \
	ADDS $4, R3, R4;          \
	BEQ  done;                \
	STP  (ZR, ZR), (R5);      \
	COPY(R1, R5, copyin);     \
	FMOVQ (R5), F0;           \
	B    compute;             \
rest:                         \
	FMOVQ F0, (R5);           \
	COPY(R5, R0, copyout);    \
done:                         \
	RET

// func geluTanhF32NEON(dst, x *float32, n int)
TEXT ·geluTanhF32NEON(SB), NOSPLIT, $16-24
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  n+16(FP), R3
	MOVD  $buffer-16(SP), R5
	CONSTANTS
	FMOVQ 368(R10), F21
	FMOVS $-10.1, F24
	VDUP  V24.S[0], V24.S4
	VFNEG_S4(24, 25)
	FMOVS $-200.0, F26
	VDUP  V26.S[0], V26.S4
	UNARY(GELU_TANH)

// func geluF32NEON(dst, x *float32, n int)
TEXT ·geluF32NEON(SB), NOSPLIT, $16-24
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  n+16(FP), R3
	MOVD  $buffer-16(SP), R5
	CONSTANTS
	FMOVS $14.4, F24
	VDUP  V24.S[0], V24.S4
	VEOR  V25.B16, V25.B16, V25.B16
	FMOVD $-0.5, F26
	VDUP  V26.D[0], V26.D2
	UNARY(GELU)
