//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"

// axpysF32NEON and axpysF64NEON go down a strip of columns, with its sums in
// registers: strips of 256 bytes, as the next row may be far away in memory,
// then of 64 and 16 bytes, then single columns.
//
// As in the tiles of the matrix product, every sum is a chain of fused
// multiply-adds along k.
//
// R0 columns left, R1 k, R2 distance of rows in bytes, R3 y, R4 accumulate,
// R5 the strip, R6 x; R7 to R9 run along k. V15 is alpha in all lanes.

#define ZERO_SUMS \
	VEOR V28.B16, V28.B16, V28.B16; \
	VEOR V29.B16, V29.B16, V29.B16; \
	VEOR V30.B16, V30.B16, V30.B16; \
	VEOR V31.B16, V31.B16, V31.B16

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
