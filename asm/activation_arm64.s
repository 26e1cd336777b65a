//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "copy_arm64.h"
#include "exp_arm64.h"

// Kernels built on the exponential function work on eight elements at a time, in
// V0 and V1, so that two chains of instructions run side by side. What is left
// over goes through a buffer on the stack and the same instructions, so an
// element comes out the same wherever it stands.

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
