//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"

// All kernels here sum over k in order, in chains of fused multiply-adds, as the
// tiles of the matrix product do. Different sums run side by side: in the lanes
// of a vector, and in several vectors.

// dotsF32NEON and dotsF64NEON keep a row of the matrix per lane and transpose on
// the way. R5 and following point into the rows; V28 to V31 hold the sums.

// Four steps over k, x[p] to x[p+3] in V27, for four rows.
#define DOTS_F32(r0, r1, r2, r3, sum) \
	FMOVQ.P 16(r0), F0;          \
	FMOVQ.P 16(r1), F1;          \
	FMOVQ.P 16(r2), F2;          \
	FMOVQ.P 16(r3), F3;          \
	VTRN1   V1.S4, V0.S4, V4.S4; \
	VTRN2   V1.S4, V0.S4, V5.S4; \
	VTRN1   V3.S4, V2.S4, V6.S4; \
	VTRN2   V3.S4, V2.S4, V7.S4; \
	VZIP1   V6.D2, V4.D2, V0.D2; \
	VZIP1   V7.D2, V5.D2, V1.D2; \
	VZIP2   V6.D2, V4.D2, V2.D2; \
	VZIP2   V7.D2, V5.D2, V3.D2; \
	VFMLA_S4I(27, 0, 0, sum);    \
	VFMLA_S4I(27, 1, 1, sum);    \
	VFMLA_S4I(27, 2, 2, sum);    \
	VFMLA_S4I(27, 3, 3, sum)

// One step, x[p] in the first lane of V27.
#define DOTS_TAIL_F32(r0, r1, r2, r3, sum) \
	VLD1.P 4(r0), V0.S[0]; \
	VLD1.P 4(r1), V0.S[1]; \
	VLD1.P 4(r2), V0.S[2]; \
	VLD1.P 4(r3), V0.S[3]; \
	VFMLA_S4I(27, 0, 0, sum)

// Two steps over k, x[p] and x[p+1] in V27, for two rows.
#define DOTS_F64(r0, r1, sum) \
	FMOVQ.P 16(r0), F0;          \
	FMOVQ.P 16(r1), F1;          \
	VZIP1   V1.D2, V0.D2, V2.D2; \
	VZIP2   V1.D2, V0.D2, V3.D2; \
	VFMLA_D2I(27, 0, 2, sum);    \
	VFMLA_D2I(27, 1, 3, sum)

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
	DOTS_F32(R5, R6, R7, R8, 28)
	DOTS_F32(R9, R10, R11, R12, 29)
	DOTS_F32(R13, R14, R15, R16, 30)
	DOTS_F32(R17, R19, R20, R21, 31)
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
	DOTS_F64(R5, R6, 28)
	DOTS_F64(R7, R8, 29)
	DOTS_F64(R9, R10, 30)
	DOTS_F64(R11, R12, 31)
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

// axpysF32NEON and axpysF64NEON go down a strip of columns, with its sums in
// registers: strips of 256 bytes, as the next row may be far away in memory,
// then of 64 and 16 bytes, then single columns.
//
// R0 columns left, R1 k, R2 distance of rows in bytes, R3 y, R4 accumulate,
// R5 the strip, R6 x; R7 to R9 run along k. V15 is alpha in all lanes.

#define STRIP_START \
	MOVD R5, R7; \
	MOVD R6, R8; \
	MOVD R1, R9

// The sums of two vectors of a strip, at offset in the row.
#define STRIP_ADD(T, offset, f0, f1, v0, v1, s0, s1) \
	FLDPQ offset(R7), (f0, f1); \
	VFMLA v0.T, V0.T, s0.T;     \
	VFMLA v1.T, V0.T, s1.T

#define STRIP_ADD_256(T) \
	STRIP_ADD(T, 0, F1, F2, V1, V2, V16, V17);     \
	STRIP_ADD(T, 32, F3, F4, V3, V4, V18, V19);    \
	STRIP_ADD(T, 64, F5, F6, V5, V6, V20, V21);    \
	STRIP_ADD(T, 96, F7, F8, V7, V8, V22, V23);    \
	STRIP_ADD(T, 128, F1, F2, V1, V2, V24, V25);   \
	STRIP_ADD(T, 160, F3, F4, V3, V4, V26, V27);   \
	STRIP_ADD(T, 192, F5, F6, V5, V6, V28, V29);   \
	STRIP_ADD(T, 224, F7, F8, V7, V8, V30, V31)

// Two vectors of y, alpha times sums n and n+1 or that added.
#define STRIP_SET(MUL, n) \
	MUL(15, n, 1);   \
	MUL(15, n+1, 2); \
	FSTPQ.P (F1, F2), 32(R3)

#define STRIP_ACCUMULATE(T, s0, s1) \
	FLDPQ (R3), (F1, F2);     \
	VFMLA s0.T, V15.T, V1.T;  \
	VFMLA s1.T, V15.T, V2.T;  \
	FSTPQ.P (F1, F2), 32(R3)

#define STRIP_STEP(T, size) \
	VLD1R.P size(R8), [V0.T]

#define AXPYS(T, MOV, MADD, MUL, VMUL, size) \
strip256:                            \
	SUBS $(256/size), R0;            \
	BLT  strip256done;               \
	STRIP_START;                     \
	VEOR V16.B16, V16.B16, V16.B16;  \
	VEOR V17.B16, V17.B16, V17.B16;  \
	VEOR V18.B16, V18.B16, V18.B16;  \
	VEOR V19.B16, V19.B16, V19.B16;  \
	VEOR V20.B16, V20.B16, V20.B16;  \
	VEOR V21.B16, V21.B16, V21.B16;  \
	VEOR V22.B16, V22.B16, V22.B16;  \
	VEOR V23.B16, V23.B16, V23.B16;  \
	VEOR V24.B16, V24.B16, V24.B16;  \
	VEOR V25.B16, V25.B16, V25.B16;  \
	VEOR V26.B16, V26.B16, V26.B16;  \
	VEOR V27.B16, V27.B16, V27.B16;  \
	ZERO_SUMS;                       \
loop256:                             \
	STRIP_STEP(T, size);             \
	STRIP_ADD_256(T);                \
	ADD  R2, R7;                     \
	SUBS $1, R9;                     \
	BNE  loop256;                    \
	ADD  $256, R5;                   \
	CBZ  R4, set256;                 \
	STRIP_ACCUMULATE(T, V16, V17);   \
	STRIP_ACCUMULATE(T, V18, V19);   \
	STRIP_ACCUMULATE(T, V20, V21);   \
	STRIP_ACCUMULATE(T, V22, V23);   \
	STRIP_ACCUMULATE(T, V24, V25);   \
	STRIP_ACCUMULATE(T, V26, V27);   \
	STRIP_ACCUMULATE(T, V28, V29);   \
	STRIP_ACCUMULATE(T, V30, V31);   \
	B    strip256;                   \
set256:                              \
	STRIP_SET(VMUL, 16);             \
	STRIP_SET(VMUL, 18);             \
	STRIP_SET(VMUL, 20);             \
	STRIP_SET(VMUL, 22);             \
	STRIP_SET(VMUL, 24);             \
	STRIP_SET(VMUL, 26);             \
	STRIP_SET(VMUL, 28);             \
	STRIP_SET(VMUL, 30);             \
	B    strip256;                   \
strip256done:                        \
	ADD  $(256/size), R0;            \
strip64:                             \
	SUBS $(64/size), R0;             \
	BLT  strip64done;                \
	STRIP_START;                     \
	ZERO_SUMS;                       \
loop64:                              \
	STRIP_STEP(T, size);             \
	STRIP_ADD(T, 0, F1, F2, V1, V2, V28, V29);  \
	STRIP_ADD(T, 32, F3, F4, V3, V4, V30, V31); \
	ADD  R2, R7;                     \
	SUBS $1, R9;                     \
	BNE  loop64;                     \
	ADD  $64, R5;                    \
	CBZ  R4, set64;                  \
	STRIP_ACCUMULATE(T, V28, V29);   \
	STRIP_ACCUMULATE(T, V30, V31);   \
	B    strip64;                    \
set64:                               \
	STRIP_SET(VMUL, 28);             \
	STRIP_SET(VMUL, 30);             \
	B    strip64;                    \
strip64done:                         \
	ADD  $(64/size), R0;             \
strip16:                             \
	SUBS $(16/size), R0;             \
	BLT  strip16done;                \
	STRIP_START;                     \
	VEOR V28.B16, V28.B16, V28.B16;  \
loop16:                              \
	STRIP_STEP(T, size);             \
	FMOVQ (R7), F1;                  \
	VFMLA V1.T, V0.T, V28.T;         \
	ADD  R2, R7;                     \
	SUBS $1, R9;                     \
	BNE  loop16;                     \
	ADD  $16, R5;                    \
	CBZ  R4, set16;                  \
	FMOVQ (R3), F1;                  \
	VFMLA V28.T, V15.T, V1.T;        \
	FMOVQ.P F1, 16(R3);              \
	B    strip16;                    \
set16:                               \
	VMUL(15, 28, 1);                 \
	FMOVQ.P F1, 16(R3);              \
	B    strip16;                    \
strip16done:                         \
	ADD  $(16/size), R0;             \
single:                              \
	CBZ  R0, done;                   \
	STRIP_START;                     \
	FMOVD ZR, F28;                   \
loop1:                               \
	MOV.P size(R8), F0;              \
	MOV  (R7), F1;                   \
	MADD F1, F28, F0, F28;           \
	ADD  R2, R7;                     \
	SUBS $1, R9;                     \
	BNE  loop1;                      \
	ADD  $size, R5;                  \
	SUB  $1, R0;                     \
	CBZ  R4, set1;                   \
	MOV  (R3), F1;                   \
	MADD F28, F1, F15, F1;           \
	MOV.P F1, size(R3);              \
	B    single;                     \
set1:                                \
	MUL  F28, F15, F1;               \
	MOV.P F1, size(R3);              \
	B    single;                     \
done:                                \
	RET

// func axpysF32NEON(n, k int, alpha float32, a *float32, lda int, x, y *float32, accumulate bool)
TEXT ·axpysF32NEON(SB), NOSPLIT, $0-57
	MOVD  n+0(FP), R0
	MOVD  k+8(FP), R1
	FMOVS alpha+16(FP), F15
	VDUP  V15.S[0], V15.S4
	MOVD  a+24(FP), R5
	MOVD  lda+32(FP), R2
	LSL   $2, R2
	MOVD  x+40(FP), R6
	MOVD  y+48(FP), R3
	MOVBU accumulate+56(FP), R4
	AXPYS(S4, FMOVS, FMADDS, FMULS, VFMUL_S4, 4)

// func axpysF64NEON(n, k int, alpha float64, a *float64, lda int, x, y *float64, accumulate bool)
TEXT ·axpysF64NEON(SB), NOSPLIT, $0-57
	MOVD  n+0(FP), R0
	MOVD  k+8(FP), R1
	FMOVD alpha+16(FP), F15
	VDUP  V15.D[0], V15.D2
	MOVD  a+24(FP), R5
	MOVD  lda+32(FP), R2
	LSL   $3, R2
	MOVD  x+40(FP), R6
	MOVD  y+48(FP), R3
	MOVBU accumulate+56(FP), R4
	AXPYS(D2, FMOVD, FMADDD, FMULD, VFMUL_D2, 8)
