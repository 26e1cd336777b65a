//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"

// The processor converts binary16 itself, and as Go programs leave its modes
// alone, that rounds to nearest even, keeps subnormals and makes NaN quiet.

// func widenF16NEON(dst *float32, src *byte, n int)
TEXT ·widenF16NEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R3
	SUBS $16, R3
	BLT  ones

loop:
	FLDPQ.P 32(R1), (F0, F1)
	VFCVTL_S4(0, 2)
	VFCVTL2_S4(0, 3)
	VFCVTL_S4(1, 4)
	VFCVTL2_S4(1, 5)
	FSTPQ.P (F2, F3), 32(R0)
	FSTPQ.P (F4, F5), 32(R0)
	SUBS    $16, R3
	BGE     loop

ones:
	ADDS $16, R3
	BEQ  done

one:
	MOVHU.P 2(R1), R4
	FMOVS   R4, F0
	FCVTHS  F0, F0
	FMOVS.P F0, 4(R0)
	SUBS    $1, R3
	BNE     one

done:
	RET

// func narrowF16NEON(dst *byte, src *float32, n int)
TEXT ·narrowF16NEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R3
	SUBS $16, R3
	BLT  ones

loop:
	FLDPQ.P 32(R1), (F0, F1)
	FLDPQ.P 32(R1), (F2, F3)
	VFCVTN_H4(0, 4)
	VFCVTN_H4(2, 5)
	VFCVTN2_H8(1, 4)
	VFCVTN2_H8(3, 5)
	FSTPQ.P (F4, F5), 32(R0)
	SUBS    $16, R3
	BGE     loop

ones:
	ADDS $16, R3
	BEQ  done

one:
	FMOVS.P 4(R1), F0
	FCVTSH  F0, F0
	FMOVS   F0, R4
	MOVH.P  R4, 2(R0)
	SUBS    $1, R3
	BNE     one

done:
	RET

// func widenBF16NEON(dst *float32, src *byte, n int)
TEXT ·widenBF16NEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R3
	VEOR V31.B16, V31.B16, V31.B16
	SUBS $16, R3
	BLT  ones

loop: // every half behind one of zeros
	FLDPQ.P 32(R1), (F0, F1)
	VZIP1   V0.H8, V31.H8, V2.H8
	VZIP2   V0.H8, V31.H8, V3.H8
	VZIP1   V1.H8, V31.H8, V4.H8
	VZIP2   V1.H8, V31.H8, V5.H8
	FSTPQ.P (F2, F3), 32(R0)
	FSTPQ.P (F4, F5), 32(R0)
	SUBS    $16, R3
	BGE     loop

ones:
	ADDS $16, R3
	BEQ  done

one:
	MOVHU.P 2(R1), R4
	LSLW    $16, R4
	MOVW.P  R4, 4(R0)
	SUBS    $1, R3
	BNE     one

done:
	RET

// The upper halves of x become bfloat16, rounded to nearest even by an addition
// as in the Go body: V28 is 0x7fff, V29 1. NaN gets V30, the quiet bit, instead,
// as the carry could make it anything.
#define ROUND_BF16(x, nx, sum, mask, nmask) \
	VUSHR $16, x.S4, sum.S4;       \
	VFCMEQ_S4(nx, nx, nmask);      \
	VAND V29.B16, sum.B16, sum.B16; \
	VADD V28.S4, sum.S4, sum.S4;   \
	VADD x.S4, sum.S4, sum.S4;     \
	VORR V30.B16, x.B16, x.B16;    \
	VBIT mask.B16, sum.B16, x.B16

// func narrowBF16NEON(dst *byte, src *float32, n int)
TEXT ·narrowBF16NEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R3
	MOVW $0x7fff, R4
	VDUP R4, V28.S4
	MOVW $1, R4
	VDUP R4, V29.S4
	MOVW $0x400000, R4
	VDUP R4, V30.S4
	SUBS $8, R3
	BLT  ones

loop:
	FLDPQ.P 32(R1), (F0, F1)
	ROUND_BF16(V0, 0, V2, V3, 3)
	ROUND_BF16(V1, 1, V4, V5, 5)
	VUZP2   V1.H8, V0.H8, V0.H8
	FMOVQ.P F0, 16(R0)
	SUBS    $8, R3
	BGE     loop

ones:
	ADDS $8, R3
	BEQ  done

one:
	FMOVS.P 4(R1), F0
	ROUND_BF16(V0, 0, V2, V3, 3)
	FMOVS   F0, R4
	LSRW    $16, R4
	MOVH.P  R4, 2(R0)
	SUBS    $1, R3
	BNE     one

done:
	RET
