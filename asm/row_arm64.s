//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"

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
