//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"

// All kernels here sum over k in order, in chains of fused multiply-adds, as the
// tiles of the matrix product do. Different sums run side by side: in the lanes
// of a vector, and in several vectors.

// dotsF32NEON and dotsF64NEON keep a row of the matrix per lane and transpose on
// the way. R5 and following point into the rows; V28 to V31 hold the sums.

// Four elements each of four rows.
#define READ_F32(r0, r1, r2, r3, f0, f1, f2, f3) \
	FMOVQ.P 16(r0), f0; \
	FMOVQ.P 16(r1), f1; \
	FMOVQ.P 16(r2), f2; \
	FMOVQ.P 16(r3), f3

// Rows v0 to v3 become columns, by way of t0 to t3.
#define TRANSPOSE_F32(v0, v1, v2, v3, t0, t1, t2, t3) \
	VTRN1 v1.S4, v0.S4, t0.S4; \
	VTRN2 v1.S4, v0.S4, t1.S4; \
	VTRN1 v3.S4, v2.S4, t2.S4; \
	VTRN2 v3.S4, v2.S4, t3.S4; \
	VZIP1 t2.D2, t0.D2, v0.D2; \
	VZIP1 t3.D2, t1.D2, v1.D2; \
	VZIP2 t2.D2, t0.D2, v2.D2; \
	VZIP2 t3.D2, t1.D2, v3.D2

// Step i over k, x[p+i] in V27, for all sixteen rows.
#define STEP_F32(i) \
	VFMLA_S4I(27, i, i, 28);    \
	VFMLA_S4I(27, i, i+4, 29);  \
	VFMLA_S4I(27, i, i+8, 30);  \
	VFMLA_S4I(27, i, i+12, 31)

// One step, x[p] in the first lane of V27.
#define DOTS_TAIL_F32(r0, r1, r2, r3, sum) \
	VLD1.P 4(r0), V0.S[0]; \
	VLD1.P 4(r1), V0.S[1]; \
	VLD1.P 4(r2), V0.S[2]; \
	VLD1.P 4(r3), V0.S[3]; \
	VFMLA_S4I(27, 0, 0, sum)

// Step i over k, x[p+i] in V27, for eight rows, with columns n, n+2, n+4, n+6.
#define STEP_F64(i, n) \
	VFMLA_D2I(27, i, n, 28);   \
	VFMLA_D2I(27, i, n+2, 29); \
	VFMLA_D2I(27, i, n+4, 30); \
	VFMLA_D2I(27, i, n+6, 31)

// The last step, x[p] in the first lane of V27.
#define DOTS_TAIL_F64(r0, r1, sum) \
	VLD1 (r0), V0.D[0]; \
	VLD1 (r1), V0.D[1]; \
	VFMLA_D2I(27, 0, 0, sum)

#define ZERO_SUMS \
	VEOR V28.B16, V28.B16, V28.B16; \
	VEOR V29.B16, V29.B16, V29.B16; \
	VEOR V30.B16, V30.B16, V30.B16; \
	VEOR V31.B16, V31.B16, V31.B16

// y, at R3, becomes alpha, in all lanes of V0, times the sums; with R4 ≠ 0 it is
// added to.
#define STORE_SUMS(T, MUL) \
	CBZ   R4, set;            \
	FLDPQ (R3), (F1, F2);     \
	FLDPQ 32(R3), (F3, F4);   \
	VFMLA V28.T, V0.T, V1.T;  \
	VFMLA V29.T, V0.T, V2.T;  \
	VFMLA V30.T, V0.T, V3.T;  \
	VFMLA V31.T, V0.T, V4.T;  \
	B     store;              \
set:                          \
	MUL(0, 28, 1);            \
	MUL(0, 29, 2);            \
	MUL(0, 30, 3);            \
	MUL(0, 31, 4);            \
store:                        \
	FSTPQ (F1, F2), (R3);     \
	FSTPQ (F3, F4), 32(R3);   \
	RET

// func dotsF32NEON(k int, alpha float32, a *float32, lda int, x, y *float32, accumulate bool)
TEXT ·dotsF32NEON(SB), NOSPLIT, $0-49
	MOVD k+0(FP), R0
	MOVD a+16(FP), R5
	MOVD lda+24(FP), R2
	MOVD x+32(FP), R1
	LSL  $2, R2
	ADD  R2, R5, R6
	ADD  R2, R6, R7
	ADD  R2, R7, R8
	ADD  R2, R8, R9
	ADD  R2, R9, R10
	ADD  R2, R10, R11
	ADD  R2, R11, R12
	ADD  R2, R12, R13
	ADD  R2, R13, R14
	ADD  R2, R14, R15
	ADD  R2, R15, R16
	ADD  R2, R16, R17
	ADD  R2, R17, R19
	ADD  R2, R19, R20
	ADD  R2, R20, R21
	ZERO_SUMS
	SUBS $4, R0
	BLT  tail

loop:
	FMOVQ.P 16(R1), F27
	READ_F32(R5, R6, R7, R8, F0, F1, F2, F3)
	READ_F32(R9, R10, R11, R12, F4, F5, F6, F7)
	READ_F32(R13, R14, R15, R16, F8, F9, F10, F11)
	READ_F32(R17, R19, R20, R21, F12, F13, F14, F15)
	TRANSPOSE_F32(V0, V1, V2, V3, V16, V17, V18, V19)
	TRANSPOSE_F32(V4, V5, V6, V7, V20, V21, V22, V23)
	TRANSPOSE_F32(V8, V9, V10, V11, V16, V17, V18, V19)
	TRANSPOSE_F32(V12, V13, V14, V15, V20, V21, V22, V23)
	STEP_F32(0)
	STEP_F32(1)
	STEP_F32(2)
	STEP_F32(3)
	SUBS    $4, R0
	BGE     loop

tail:
	ADDS $4, R0
	BEQ  finish

one:
	FMOVS.P 4(R1), F27
	DOTS_TAIL_F32(R5, R6, R7, R8, 28)
	DOTS_TAIL_F32(R9, R10, R11, R12, 29)
	DOTS_TAIL_F32(R13, R14, R15, R16, 30)
	DOTS_TAIL_F32(R17, R19, R20, R21, 31)
	SUBS    $1, R0
	BNE     one

finish:
	FMOVS alpha+8(FP), F0
	VDUP  V0.S[0], V0.S4
	MOVD  y+40(FP), R3
	MOVBU accumulate+48(FP), R4
	STORE_SUMS(S4, VFMUL_S4)

// func dotsF64NEON(k int, alpha float64, a *float64, lda int, x, y *float64, accumulate bool)
TEXT ·dotsF64NEON(SB), NOSPLIT, $0-49
	MOVD k+0(FP), R0
	MOVD a+16(FP), R5
	MOVD lda+24(FP), R2
	MOVD x+32(FP), R1
	LSL  $3, R2
	ADD  R2, R5, R6
	ADD  R2, R6, R7
	ADD  R2, R7, R8
	ADD  R2, R8, R9
	ADD  R2, R9, R10
	ADD  R2, R10, R11
	ADD  R2, R11, R12
	ZERO_SUMS
	SUBS $2, R0
	BLT  tail

loop:
	FMOVQ.P 16(R1), F27
	FMOVQ.P 16(R5), F0
	FMOVQ.P 16(R6), F1
	FMOVQ.P 16(R7), F2
	FMOVQ.P 16(R8), F3
	FMOVQ.P 16(R9), F4
	FMOVQ.P 16(R10), F5
	FMOVQ.P 16(R11), F6
	FMOVQ.P 16(R12), F7
	VZIP1   V1.D2, V0.D2, V16.D2
	VZIP2   V1.D2, V0.D2, V17.D2
	VZIP1   V3.D2, V2.D2, V18.D2
	VZIP2   V3.D2, V2.D2, V19.D2
	VZIP1   V5.D2, V4.D2, V20.D2
	VZIP2   V5.D2, V4.D2, V21.D2
	VZIP1   V7.D2, V6.D2, V22.D2
	VZIP2   V7.D2, V6.D2, V23.D2
	STEP_F64(0, 16)
	STEP_F64(1, 17)
	SUBS    $2, R0
	BGE     loop

tail:
	ADDS $2, R0
	BEQ  finish
	FMOVD (R1), F27
	DOTS_TAIL_F64(R5, R6, 28)
	DOTS_TAIL_F64(R7, R8, 29)
	DOTS_TAIL_F64(R9, R10, 30)
	DOTS_TAIL_F64(R11, R12, 31)

finish:
	FMOVD alpha+8(FP), F0
	VDUP  V0.D[0], V0.D2
	MOVD  y+40(FP), R3
	MOVBU accumulate+48(FP), R4
	STORE_SUMS(D2, VFMUL_D2)

// Few rows: a chain of scalar multiply-adds for each.

// R0 k, R1 x, R2 distance of rows in bytes, R3 y, R4 its stride in bytes, R5 the
// first row, R9 accumulate, F3 alpha.

#define STORE_ONE(MOV, MADD, MUL, sum) \
	CBZ  R9, 4(PC);          \
	MOV  (R3), F1;           \
	MADD sum, F1, F3, sum;   \
	B    2(PC);              \
	MUL  sum, F3, sum;       \
	MOV  sum, (R3);          \
	ADD  R4, R3

#define DOTS4(MOV, MADD, MUL, size) \
	ADD    R2, R5, R6;          \
	ADD    R2, R6, R7;          \
	ADD    R2, R7, R8;          \
	FMOVD  ZR, F4;              \
	FMOVD  ZR, F5;              \
	FMOVD  ZR, F6;              \
	FMOVD  ZR, F7;              \
loop:                           \
	CBZ    R0, finish;          \
	MOV.P  size(R1), F0;        \
	MOV.P  size(R5), F16;       \
	MOV.P  size(R6), F17;       \
	MOV.P  size(R7), F18;       \
	MOV.P  size(R8), F19;       \
	MADD   F16, F4, F0, F4;     \
	MADD   F17, F5, F0, F5;     \
	MADD   F18, F6, F0, F6;     \
	MADD   F19, F7, F0, F7;     \
	SUB    $1, R0;              \
	B      loop;                \
finish:                         \
	STORE_ONE(MOV, MADD, MUL, F4); \
	STORE_ONE(MOV, MADD, MUL, F5); \
	STORE_ONE(MOV, MADD, MUL, F6); \
	STORE_ONE(MOV, MADD, MUL, F7); \
	RET

#define DOTS1(MOV, MADD, MUL, size) \
	FMOVD  ZR, F4;              \
loop:                           \
	CBZ    R0, finish;          \
	MOV.P  size(R1), F0;        \
	MOV.P  size(R5), F16;       \
	MADD   F16, F4, F0, F4;     \
	SUB    $1, R0;              \
	B      loop;                \
finish:                         \
	STORE_ONE(MOV, MADD, MUL, F4); \
	RET

// func dots4xF32NEON(k int, alpha float32, a *float32, lda int, x, y *float32, incY int, accumulate bool)
TEXT ·dots4xF32NEON(SB), NOSPLIT, $0-57
	MOVD  k+0(FP), R0
	FMOVS alpha+8(FP), F3
	MOVD  a+16(FP), R5
	MOVD  lda+24(FP), R2
	LSL   $2, R2
	MOVD  x+32(FP), R1
	MOVD  y+40(FP), R3
	MOVD  incY+48(FP), R4
	LSL   $2, R4
	MOVBU accumulate+56(FP), R9
	DOTS4(FMOVS, FMADDS, FMULS, 4)

// func dots1xF32NEON(k int, alpha float32, a *float32, lda int, x, y *float32, incY int, accumulate bool)
TEXT ·dots1xF32NEON(SB), NOSPLIT, $0-57
	MOVD  k+0(FP), R0
	FMOVS alpha+8(FP), F3
	MOVD  a+16(FP), R5
	MOVD  lda+24(FP), R2
	LSL   $2, R2
	MOVD  x+32(FP), R1
	MOVD  y+40(FP), R3
	MOVD  incY+48(FP), R4
	LSL   $2, R4
	MOVBU accumulate+56(FP), R9
	DOTS1(FMOVS, FMADDS, FMULS, 4)

// func dots4xF64NEON(k int, alpha float64, a *float64, lda int, x, y *float64, incY int, accumulate bool)
TEXT ·dots4xF64NEON(SB), NOSPLIT, $0-57
	MOVD  k+0(FP), R0
	FMOVD alpha+8(FP), F3
	MOVD  a+16(FP), R5
	MOVD  lda+24(FP), R2
	LSL   $3, R2
	MOVD  x+32(FP), R1
	MOVD  y+40(FP), R3
	MOVD  incY+48(FP), R4
	LSL   $3, R4
	MOVBU accumulate+56(FP), R9
	DOTS4(FMOVD, FMADDD, FMULD, 8)

// func dots1xF64NEON(k int, alpha float64, a *float64, lda int, x, y *float64, incY int, accumulate bool)
TEXT ·dots1xF64NEON(SB), NOSPLIT, $0-57
	MOVD  k+0(FP), R0
	FMOVD alpha+8(FP), F3
	MOVD  a+16(FP), R5
	MOVD  lda+24(FP), R2
	LSL   $3, R2
	MOVD  x+32(FP), R1
	MOVD  y+40(FP), R3
	MOVD  incY+48(FP), R4
	LSL   $3, R4
	MOVBU accumulate+56(FP), R9
	DOTS1(FMOVD, FMADDD, FMULD, 8)
