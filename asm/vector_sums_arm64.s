//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "sums_arm64.h"

// Σ x·y; R1 x, R2 y, R3 n.
#define DOT(T, MOV, MADD, size) \
	ZERO_SUMS;                   \
	SUBS $(128/size), R3;        \
	BLT  vectors;                \
loop8:                           \
	FLDPQ.P 32(R1), (F0, F1);    \
	FLDPQ.P 32(R2), (F4, F5);    \
	FLDPQ.P 32(R1), (F2, F3);    \
	FLDPQ.P 32(R2), (F6, F7);    \
	VFMLA V4.T, V0.T, V16.T;     \
	VFMLA V5.T, V1.T, V17.T;     \
	VFMLA V6.T, V2.T, V18.T;     \
	VFMLA V7.T, V3.T, V19.T;     \
	FLDPQ.P 32(R1), (F0, F1);    \
	FLDPQ.P 32(R2), (F4, F5);    \
	FLDPQ.P 32(R1), (F2, F3);    \
	FLDPQ.P 32(R2), (F6, F7);    \
	VFMLA V4.T, V0.T, V20.T;     \
	VFMLA V5.T, V1.T, V21.T;     \
	VFMLA V6.T, V2.T, V22.T;     \
	VFMLA V7.T, V3.T, V23.T;     \
	SUBS $(128/size), R3;        \
	BGE  loop8;                  \
vectors:                         \
	ADDS $(112/size), R3;        \
	BLT  ones;                   \
loop1:                           \
	FMOVQ.P 16(R1), F0;          \
	FMOVQ.P 16(R2), F4;          \
	VFMLA V4.T, V0.T, V16.T;     \
	SUBS $(16/size), R3;         \
	BGE  loop1;                  \
ones:                            \
	ADDS $(16/size), R3;         \
	BEQ  total;                  \
one:                             \
	MOV.P size(R1), F0;          \
	MOV.P size(R2), F4;          \
	MADD F4, F24, F0, F24;       \
	SUBS $1, R3;                 \
	BNE  one

// func dotF32NEON(x, y *float32, n int) float32
TEXT ·dotF32NEON(SB), NOSPLIT, $0-28
	MOVD x+0(FP), R1
	MOVD y+8(FP), R2
	MOVD n+16(FP), R3
	DOT(S4, FMOVS, FMADDS, 4)

total:
	ADD_SUMS(VFADD_S4)
	VFADDP_S4(16, 16, 16)
	VFADDP_S2(16, 16)
	FADDS F24, F16, F16
	FMOVS F16, ret+24(FP)
	RET

// func dotF64NEON(x, y *float64, n int) float64
TEXT ·dotF64NEON(SB), NOSPLIT, $0-32
	MOVD x+0(FP), R1
	MOVD y+8(FP), R2
	MOVD n+16(FP), R3
	DOT(D2, FMOVD, FMADDD, 8)

total:
	ADD_SUMS(VFADD_D2)
	VFADDP_D2(16, 16)
	FADDD F24, F16, F16
	FMOVD F16, ret+24(FP)
	RET

// func dotWideF32NEON(x, y *float32, n int) float64
TEXT ·dotWideF32NEON(SB), NOSPLIT, $0-32
	MOVD x+0(FP), R1
	MOVD y+8(FP), R2
	MOVD n+16(FP), R3
	ZERO_SUMS
	SUBS $16, R3
	BLT  vectors

loop16:
	FLDPQ.P 32(R1), (F0, F1)
	FLDPQ.P 32(R2), (F2, F3)
	FLDPQ.P 32(R1), (F25, F26)
	FLDPQ.P 32(R2), (F27, F28)
	WIDEN(0)
	VFCVTL_D2(2, 6)
	VFCVTL2_D2(2, 7)
	VFMLA   V6.D2, V4.D2, V16.D2
	VFMLA   V7.D2, V5.D2, V17.D2
	WIDEN(1)
	VFCVTL_D2(3, 6)
	VFCVTL2_D2(3, 7)
	VFMLA   V6.D2, V4.D2, V18.D2
	VFMLA   V7.D2, V5.D2, V19.D2
	WIDEN(25)
	VFCVTL_D2(27, 6)
	VFCVTL2_D2(27, 7)
	VFMLA   V6.D2, V4.D2, V20.D2
	VFMLA   V7.D2, V5.D2, V21.D2
	WIDEN(26)
	VFCVTL_D2(28, 6)
	VFCVTL2_D2(28, 7)
	VFMLA   V6.D2, V4.D2, V22.D2
	VFMLA   V7.D2, V5.D2, V23.D2
	SUBS    $16, R3
	BGE     loop16

vectors:
	ADDS $12, R3
	BLT  ones

loop4:
	FMOVQ.P 16(R1), F0
	FMOVQ.P 16(R2), F2
	WIDEN(0)
	VFCVTL_D2(2, 6)
	VFCVTL2_D2(2, 7)
	VFMLA   V6.D2, V4.D2, V16.D2
	VFMLA   V7.D2, V5.D2, V17.D2
	SUBS    $4, R3
	BGE     loop4

ones:
	ADDS $4, R3
	BEQ  total

one:
	FMOVS.P 4(R1), F0
	FMOVS.P 4(R2), F2
	FCVTSD  F0, F0
	FCVTSD  F2, F2
	FMADDD  F2, F24, F0, F24
	SUBS    $1, R3
	BNE     one

total:
	ADD_SUMS(VFADD_D2)
	VFADDP_D2(16, 16)
	FADDD F24, F16, F16
	FMOVD F16, ret+24(FP)
	RET

#define TERM_ITSELF(n0, n1, s0, s1) \
	VFADD_D2(4, n0, n0); \
	VFADD_D2(5, n1, n1)

#define ONE_ITSELF \
	FADDD F0, F24, F24

// func sumWideF32NEON(x *float32, n int) float64
TEXT ·sumWideF32NEON(SB), NOSPLIT, $0-24
	MOVD x+0(FP), R1
	MOVD n+8(FP), R3
	SUM(TERM_ITSELF, ONE_ITSELF)

total:
	ADD_SUMS(VFADD_D2)
	VFADDP_D2(16, 16)
	FADDD F24, F16, F16
	FMOVD F16, ret+16(FP)
	RET

// func maxAbsF32NEON(x *float32, n int) float32
TEXT ·maxAbsF32NEON(SB), NOSPLIT, $0-20
	MOVD x+0(FP), R1
	MOVD n+8(FP), R3
	MOVW $0x7fffffff, R2
	VDUP R2, V30.S4
	ZERO_SUMS
	SUBS $16, R3
	BLT  vectors

loop16:
	FLDPQ.P 32(R1), (F0, F1)
	FLDPQ.P 32(R1), (F2, F3)
	VAND    V30.B16, V0.B16, V0.B16
	VAND    V30.B16, V1.B16, V1.B16
	VAND    V30.B16, V2.B16, V2.B16
	VAND    V30.B16, V3.B16, V3.B16
	VUMAX   V0.S4, V16.S4, V16.S4
	VUMAX   V1.S4, V17.S4, V17.S4
	VUMAX   V2.S4, V18.S4, V18.S4
	VUMAX   V3.S4, V19.S4, V19.S4
	SUBS    $16, R3
	BGE     loop16

vectors:
	ADDS $12, R3
	BLT  ones

loop4:
	FMOVQ.P 16(R1), F0
	VAND    V30.B16, V0.B16, V0.B16
	VUMAX   V0.S4, V16.S4, V16.S4
	SUBS    $4, R3
	BGE     loop4

ones:
	ADDS $4, R3
	BEQ  total

one:
	FMOVS.P 4(R1), F0 // the other lanes become 0
	VAND    V30.B16, V0.B16, V0.B16
	VUMAX   V0.S4, V16.S4, V16.S4
	SUBS    $1, R3
	BNE     one

total:
	VUMAX V17.S4, V16.S4, V16.S4
	VUMAX V19.S4, V18.S4, V18.S4
	VUMAX V18.S4, V16.S4, V16.S4
	VUMAXV_S4(16, 16)
	FMOVS F16, ret+16(FP)
	RET
