//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "copy_arm64.h"
#include "exp_arm64.h"
#include "sums_arm64.h"

// func normalizeF32NEON(dst, x, w *float32, n int, mean, scale float32)
TEXT ·normalizeF32NEON(SB), NOSPLIT, $0-40
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  w+16(FP), R2
	MOVD  n+24(FP), R3
	FMOVS mean+32(FP), F16
	FMOVS scale+36(FP), F17
	VDUP  V16.S[0], V16.S4
	VDUP  V17.S[0], V17.S4
	SUBS  $8, R3
	BLT   ones

loop8:
	FLDPQ.P 32(R1), (F0, F1)
	FLDPQ.P 32(R2), (F2, F3)
	VFSUB_S4(16, 0, 0)
	VFSUB_S4(16, 1, 1)
	VFMUL_S4(17, 0, 0)
	VFMUL_S4(17, 1, 1)
	VFMUL_S4(2, 0, 0)
	VFMUL_S4(3, 1, 1)
	FSTPQ.P (F0, F1), 32(R0)
	SUBS    $8, R3
	BGE     loop8

ones:
	ADDS $8, R3
	BEQ  done

loop1:
	FMOVS.P 4(R1), F0
	FMOVS.P 4(R2), F2
	FSUBS   F16, F0, F0
	FMULS   F17, F0, F0
	FMULS   F2, F0, F0
	FMOVS.P F0, 4(R0)
	SUBS    $1, R3
	BNE     loop1

done:
	RET

// func normalizeBiasF32NEON(dst, x, w, b *float32, n int, mean, scale float32)
TEXT ·normalizeBiasF32NEON(SB), NOSPLIT, $0-48
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  w+16(FP), R2
	MOVD  b+24(FP), R4
	MOVD  n+32(FP), R3
	FMOVS mean+40(FP), F16
	FMOVS scale+44(FP), F17
	VDUP  V16.S[0], V16.S4
	VDUP  V17.S[0], V17.S4
	SUBS  $8, R3
	BLT   ones

loop8:
	FLDPQ.P 32(R1), (F0, F1)
	FLDPQ.P 32(R2), (F2, F3)
	FLDPQ.P 32(R4), (F4, F5)
	VFSUB_S4(16, 0, 0)
	VFSUB_S4(16, 1, 1)
	VFMUL_S4(17, 0, 0)
	VFMUL_S4(17, 1, 1)
	VFMLA   V2.S4, V0.S4, V4.S4
	VFMLA   V3.S4, V1.S4, V5.S4
	FSTPQ.P (F4, F5), 32(R0)
	SUBS    $8, R3
	BGE     loop8

ones:
	ADDS $8, R3
	BEQ  done

loop1:
	FMOVS.P 4(R1), F0
	FMOVS.P 4(R2), F2
	FMOVS.P 4(R4), F4
	FSUBS   F16, F0, F0
	FMULS   F17, F0, F0
	FMADDS  F2, F4, F0, F4
	FMOVS.P F4, 4(R0)
	SUBS    $1, R3
	BNE     loop1

done:
	RET

// func ropeF32NEON(dst0, dst1, x0, x1, cos, sin *float32, n int)
TEXT ·ropeF32NEON(SB), NOSPLIT, $0-56
	MOVD dst0+0(FP), R0
	MOVD dst1+8(FP), R1
	MOVD x0+16(FP), R2
	MOVD x1+24(FP), R4
	MOVD cos+32(FP), R5
	MOVD sin+40(FP), R6
	MOVD n+48(FP), R3
	SUBS $4, R3
	BLT  ones

loop4:
	FMOVQ.P 16(R2), F0
	FMOVQ.P 16(R4), F1
	FMOVQ.P 16(R5), F2
	FMOVQ.P 16(R6), F3
	VFMUL_S4(2, 0, 4)
	VFMUL_S4(2, 1, 5)
	VFMLS   V3.S4, V1.S4, V4.S4
	VFMLA   V3.S4, V0.S4, V5.S4
	FMOVQ.P F4, 16(R0)
	FMOVQ.P F5, 16(R1)
	SUBS    $4, R3
	BGE     loop4

ones:
	ADDS $4, R3
	BEQ  done

loop1:
	FMOVS.P 4(R2), F0
	FMOVS.P 4(R4), F1
	FMOVS.P 4(R5), F2
	FMOVS.P 4(R6), F3
	FMULS   F2, F0, F4
	FMULS   F2, F1, F5
	FMSUBS  F3, F4, F1, F4
	FMADDS  F3, F5, F0, F5
	FMOVS.P F4, 4(R0)
	FMOVS.P F5, 4(R1)
	SUBS    $1, R3
	BNE     loop1

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

// func maximumF32NEON(x *float32, n int) float32
TEXT ·maximumF32NEON(SB), NOSPLIT, $0-20
	MOVD  x+0(FP), R1
	MOVD  n+8(FP), R3
	ADD   R3<<2, R1, R2
	FMOVQ -16(R2), F16 // the last vector overlaps the one before
	VORR  V16.B16, V16.B16, V17.B16
	VORR  V16.B16, V16.B16, V18.B16
	VORR  V16.B16, V16.B16, V19.B16
	SUBS  $16, R3
	BLT   vectors

loop16:
	FLDPQ.P 32(R1), (F0, F1)
	FLDPQ.P 32(R1), (F2, F3)
	VFMAX_S4(0, 16, 16)
	VFMAX_S4(1, 17, 17)
	VFMAX_S4(2, 18, 18)
	VFMAX_S4(3, 19, 19)
	SUBS    $16, R3
	BGE     loop16

vectors:
	ADDS $12, R3
	BLT  total

loop4:
	FMOVQ.P 16(R1), F0
	VFMAX_S4(0, 16, 16)
	SUBS    $4, R3
	BGE     loop4

total:
	VFMAX_S4(17, 16, 16)
	VFMAX_S4(19, 18, 18)
	VFMAX_S4(18, 16, 16)
	VFMAXV_S4(16, 16)
	FMOVS F16, ret+16(FP)
	RET

// func scaleMulF32NEON(dst *float32, alpha float32, x, w *float32, n int)
TEXT ·scaleMulF32NEON(SB), NOSPLIT, $0-40
	MOVD  dst+0(FP), R0
	FMOVS alpha+8(FP), F16
	VDUP  V16.S[0], V16.S4
	MOVD  x+16(FP), R1
	MOVD  w+24(FP), R2
	MOVD  n+32(FP), R3
	SUBS  $8, R3
	BLT   ones

loop8:
	FLDPQ.P 32(R1), (F0, F1)
	FLDPQ.P 32(R2), (F4, F5)
	VFMUL_S4(16, 0, 0)
	VFMUL_S4(16, 1, 1)
	VFMUL_S4(4, 0, 0)
	VFMUL_S4(5, 1, 1)
	FSTPQ.P (F0, F1), 32(R0)
	SUBS    $8, R3
	BGE     loop8

ones:
	ADDS $8, R3
	BEQ  done

loop1:
	FMOVS.P 4(R1), F0
	FMOVS.P 4(R2), F4
	FMULS   F16, F0, F0
	FMULS   F4, F0, F0
	FMOVS.P F0, 4(R0)
	SUBS    $1, R3
	BNE     loop1

done:
	RET

// The mean is in V30.
#define TERM_DEVIATION(n0, n1, s0, s1) \
	VFSUB_D2(30, 4, 4);        \
	VFSUB_D2(30, 5, 5);        \
	VFMLA V4.D2, V4.D2, s0;    \
	VFMLA V5.D2, V5.D2, s1

#define ONE_DEVIATION \
	FSUBD  F30, F0, F0;        \
	FMADDD F0, F24, F0, F24

// func deviationF32NEON(x *float32, n int, mean float64) float64
TEXT ·deviationF32NEON(SB), NOSPLIT, $0-32
	MOVD  x+0(FP), R1
	MOVD  n+8(FP), R3
	FMOVD mean+16(FP), F30
	VDUP  V30.D[0], V30.D2
	SUM(TERM_DEVIATION, ONE_DEVIATION)

total:
	ADD_SUMS(VFADD_D2)
	VFADDP_D2(16, 16)
	FADDD F24, F16, F16
	FMOVD F16, ret+24(FP)
	RET
