//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"

// The tiles use all registers: V8 to V31 hold C, three of them a row, V0 and V1
// elements of A, V2 to V4 and V5 to V7 a row of B, of even and odd steps. What
// a step needs is loaded during the step before, so that a processor that keeps
// to the order of the program does not wait for memory.

// Four rows of C, from register c on: four elements of A by a row of B.
#define MULADD_F32(a, b, c) \
	VFMLA_S4I(a, 0, b, c);        \
	VFMLA_S4I(a, 0, b+1, c+1);    \
	VFMLA_S4I(a, 0, b+2, c+2);    \
	VFMLA_S4I(a, 1, b, c+3);      \
	VFMLA_S4I(a, 1, b+1, c+4);    \
	VFMLA_S4I(a, 1, b+2, c+5);    \
	VFMLA_S4I(a, 2, b, c+6);      \
	VFMLA_S4I(a, 2, b+1, c+7);    \
	VFMLA_S4I(a, 2, b+2, c+8);    \
	VFMLA_S4I(a, 3, b, c+9);      \
	VFMLA_S4I(a, 3, b+1, c+10);   \
	VFMLA_S4I(a, 3, b+2, c+11)

// Two rows of C, from register c on: two elements of A by a row of B.
#define MULADD_F64(a, b, c) \
	VFMLA_D2I(a, 0, b, c);      \
	VFMLA_D2I(a, 0, b+1, c+1);  \
	VFMLA_D2I(a, 0, b+2, c+2);  \
	VFMLA_D2I(a, 1, b, c+3);    \
	VFMLA_D2I(a, 1, b+1, c+4);  \
	VFMLA_D2I(a, 1, b+2, c+5)

#define ZERO3(x, y, z) \
	VEOR x.B16, x.B16, x.B16; \
	VEOR y.B16, y.B16, y.B16; \
	VEOR z.B16, z.B16, z.B16

#define ZERO_TILE \
	ZERO3(V8, V9, V10);  \
	ZERO3(V11, V12, V13); \
	ZERO3(V14, V15, V16); \
	ZERO3(V17, V18, V19); \
	ZERO3(V20, V21, V22); \
	ZERO3(V23, V24, V25); \
	ZERO3(V26, V27, V28); \
	ZERO3(V29, V30, V31)

// C will be wanted at the end: rows from R3 on, R4 bytes apart.
#define PREFETCH_ROW \
	PRFM (R5), PSTL1KEEP; \
	PRFM 40(R5), PSTL1KEEP; \
	ADD R4, R5, R5

#define PREFETCH_TILE \
	MOVD R3, R5;  \
	PREFETCH_ROW; \
	PREFETCH_ROW; \
	PREFETCH_ROW; \
	PREFETCH_ROW; \
	PREFETCH_ROW; \
	PREFETCH_ROW; \
	PREFETCH_ROW; \
	PREFETCH_ROW

// The next row of C, at R3, plus alpha, in all elements of V0, times the sums.
#define ADD_ROW(T, x, y, z) \
	FLDPQ (R3), (F1, F2);  \
	FMOVQ 32(R3), F3;      \
	VFMLA x.T, V0.T, V1.T; \
	VFMLA y.T, V0.T, V2.T; \
	VFMLA z.T, V0.T, V3.T; \
	FSTPQ (F1, F2), (R3);  \
	FMOVQ F3, 32(R3);      \
	ADD R4, R3, R3

#define ADD_TILE(T) \
	ADD_ROW(T, V8, V9, V10);  \
	ADD_ROW(T, V11, V12, V13); \
	ADD_ROW(T, V14, V15, V16); \
	ADD_ROW(T, V17, V18, V19); \
	ADD_ROW(T, V20, V21, V22); \
	ADD_ROW(T, V23, V24, V25); \
	ADD_ROW(T, V26, V27, V28); \
	ADD_ROW(T, V29, V30, V31)

// The next row of C is alpha, in all elements of V0, times the sums in registers
// c, c+1 and c+2.
#define SET_ROW(MUL, c) \
	MUL(0, c, 1);         \
	MUL(0, c+1, 2);       \
	MUL(0, c+2, 3);       \
	FSTPQ (F1, F2), (R3); \
	FMOVQ F3, 32(R3);     \
	ADD R4, R3, R3

#define SET_TILE(MUL) \
	SET_ROW(MUL, 8);  \
	SET_ROW(MUL, 11); \
	SET_ROW(MUL, 14); \
	SET_ROW(MUL, 17); \
	SET_ROW(MUL, 20); \
	SET_ROW(MUL, 23); \
	SET_ROW(MUL, 26); \
	SET_ROW(MUL, 29)

// func tileF32NEON(k int, alpha float32, a, b, c *float32, ldc int, accumulate bool)
TEXT ·tileF32NEON(SB), NOSPLIT, $0-49
	MOVD k+0(FP), R0
	MOVD a+16(FP), R1
	MOVD b+24(FP), R2
	MOVD c+32(FP), R3
	MOVD ldc+40(FP), R4
	LSL  $2, R4
	PREFETCH_TILE
	FLDPQ (R1), (F0, F1)
	FLDPQ (R2), (F2, F3)
	FMOVQ 32(R2), F4
	ZERO_TILE
	SUBS $3, R0
	BLT  last

	PCALIGN $16
loop: // two steps; at least one is left over
	FLDPQ 48(R2), (F5, F6)
	FMOVQ 80(R2), F7
	MULADD_F32(0, 2, 8)
	FMOVQ 32(R1), F0
	MULADD_F32(1, 2, 20)
	FMOVQ 48(R1), F1
	ADD   $96, R2
	ADD   $64, R1
	FLDPQ (R2), (F2, F3)
	FMOVQ 32(R2), F4
	MULADD_F32(0, 5, 8)
	FMOVQ (R1), F0
	MULADD_F32(1, 5, 20)
	FMOVQ 16(R1), F1
	SUBS  $2, R0
	BGE   loop

last: // one step, or two
	ADDS $1, R0
	BLT  one
	FLDPQ 48(R2), (F5, F6)
	FMOVQ 80(R2), F7
	MULADD_F32(0, 2, 8)
	FMOVQ 32(R1), F0
	MULADD_F32(1, 2, 20)
	FMOVQ 48(R1), F1
	MULADD_F32(0, 5, 8)
	MULADD_F32(1, 5, 20)
	B     done

one:
	MULADD_F32(0, 2, 8)
	MULADD_F32(1, 2, 20)

done:
	FMOVS alpha+8(FP), F0
	VDUP  V0.S[0], V0.S4
	MOVBU accumulate+48(FP), R5
	CBZ   R5, set
	ADD_TILE(S4)
	RET

set:
	SET_TILE(VFMUL_S4)
	RET

// func tileF64NEON(k int, alpha float64, a, b, c *float64, ldc int, accumulate bool)
TEXT ·tileF64NEON(SB), NOSPLIT, $0-49
	MOVD k+0(FP), R0
	MOVD a+16(FP), R1
	MOVD b+24(FP), R2
	MOVD c+32(FP), R3
	MOVD ldc+40(FP), R4
	LSL  $3, R4
	PREFETCH_TILE
	FLDPQ (R1), (F0, F1)
	FLDPQ (R2), (F2, F3)
	FMOVQ 32(R2), F4
	ZERO_TILE
	SUBS $3, R0
	BLT  last

	PCALIGN $16
loop: // two steps; at least one is left over
	FLDPQ 48(R2), (F5, F6)
	FMOVQ 80(R2), F7
	MULADD_F64(0, 2, 8)
	FMOVQ 32(R1), F0
	MULADD_F64(1, 2, 14)
	FMOVQ 48(R1), F1
	MULADD_F64(0, 2, 20)
	FMOVQ 64(R1), F0
	MULADD_F64(1, 2, 26)
	FMOVQ 80(R1), F1
	FLDPQ 96(R2), (F2, F3)
	FMOVQ 128(R2), F4
	ADD   $96, R2
	MULADD_F64(0, 5, 8)
	FMOVQ 96(R1), F0
	MULADD_F64(1, 5, 14)
	FMOVQ 112(R1), F1
	ADD   $128, R1
	MULADD_F64(0, 5, 20)
	FMOVQ (R1), F0
	MULADD_F64(1, 5, 26)
	FMOVQ 16(R1), F1
	SUBS  $2, R0
	BGE   loop

last: // one step, or two
	ADDS $1, R0
	BLT  one
	FLDPQ 48(R2), (F5, F6)
	FMOVQ 80(R2), F7
	MULADD_F64(0, 2, 8)
	FMOVQ 32(R1), F0
	MULADD_F64(1, 2, 14)
	FMOVQ 48(R1), F1
	MULADD_F64(0, 2, 20)
	FMOVQ 64(R1), F0
	MULADD_F64(1, 2, 26)
	FMOVQ 80(R1), F1
	MULADD_F64(0, 5, 8)
	FMOVQ 96(R1), F0
	MULADD_F64(1, 5, 14)
	FMOVQ 112(R1), F1
	MULADD_F64(0, 5, 20)
	MULADD_F64(1, 5, 26)
	B     done

one:
	MULADD_F64(0, 2, 8)
	FMOVQ 32(R1), F0
	MULADD_F64(1, 2, 14)
	FMOVQ 48(R1), F1
	MULADD_F64(0, 2, 20)
	MULADD_F64(1, 2, 26)

done:
	FMOVD alpha+8(FP), F0
	VDUP  V0.D[0], V0.D2
	MOVBU accumulate+48(FP), R5
	CBZ   R5, set
	ADD_TILE(D2)
	RET

set:
	SET_TILE(VFMUL_D2)
	RET
