//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"

// Elementwise kernels take sixteen elements at a time, then four, then one. The
// scalar instructions of the tail round as those on vectors do, so an element
// comes out the same wherever it stands.

// R0 dst, R1 x, R2 y, R3 n.
#define BINARY(VOP, SOP) \
	SUBS $16, R3;               \
	BLT  fours;                 \
loop16:                         \
	FLDPQ.P 32(R1), (F0, F1);   \
	FLDPQ.P 32(R2), (F4, F5);   \
	FLDPQ.P 32(R1), (F2, F3);   \
	FLDPQ.P 32(R2), (F6, F7);   \
	VOP(4, 0, 0);               \
	VOP(5, 1, 1);               \
	VOP(6, 2, 2);               \
	VOP(7, 3, 3);               \
	FSTPQ.P (F0, F1), 32(R0);   \
	FSTPQ.P (F2, F3), 32(R0);   \
	SUBS $16, R3;               \
	BGE  loop16;                \
fours:                          \
	ADDS $12, R3;               \
	BLT  ones;                  \
loop4:                          \
	FMOVQ.P 16(R1), F0;         \
	FMOVQ.P 16(R2), F4;         \
	VOP(4, 0, 0);               \
	FMOVQ.P F0, 16(R0);         \
	SUBS $4, R3;                \
	BGE  loop4;                 \
ones:                           \
	ADDS $4, R3;                \
	BEQ  done;                  \
loop1:                          \
	FMOVS.P 4(R1), F0;          \
	FMOVS.P 4(R2), F4;          \
	SOP  F4, F0, F0;            \
	FMOVS.P F0, 4(R0);          \
	SUBS $1, R3;                \
	BNE  loop1;                 \
done:                           \
	RET

// func addF32NEON(dst, x, y *float32, n int)
TEXT ·addF32NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD y+16(FP), R2
	MOVD n+24(FP), R3
	BINARY(VFADD_S4, FADDS)

// func subF32NEON(dst, x, y *float32, n int)
TEXT ·subF32NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD y+16(FP), R2
	MOVD n+24(FP), R3
	BINARY(VFSUB_S4, FSUBS)

// func mulF32NEON(dst, x, y *float32, n int)
TEXT ·mulF32NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD y+16(FP), R2
	MOVD n+24(FP), R3
	BINARY(VFMUL_S4, FMULS)

// func scaleF32NEON(dst *float32, alpha float32, x *float32, n int)
TEXT ·scaleF32NEON(SB), NOSPLIT, $0-32
	MOVD  dst+0(FP), R0
	FMOVS alpha+8(FP), F16
	VDUP  V16.S[0], V16.S4
	MOVD  x+16(FP), R1
	MOVD  n+24(FP), R3
	SUBS  $16, R3
	BLT   fours

loop16:
	FLDPQ.P 32(R1), (F0, F1)
	FLDPQ.P 32(R1), (F2, F3)
	VFMUL_S4(16, 0, 0)
	VFMUL_S4(16, 1, 1)
	VFMUL_S4(16, 2, 2)
	VFMUL_S4(16, 3, 3)
	FSTPQ.P (F0, F1), 32(R0)
	FSTPQ.P (F2, F3), 32(R0)
	SUBS    $16, R3
	BGE     loop16

fours:
	ADDS $12, R3
	BLT  ones

loop4:
	FMOVQ.P 16(R1), F0
	VFMUL_S4(16, 0, 0)
	FMOVQ.P F0, 16(R0)
	SUBS    $4, R3
	BGE     loop4

ones:
	ADDS $4, R3
	BEQ  done

loop1:
	FMOVS.P 4(R1), F0
	FMULS   F16, F0, F0
	FMOVS.P F0, 4(R0)
	SUBS    $1, R3
	BNE     loop1

done:
	RET

// R1 x, R2 y, R3 n, alpha in all lanes of V16; a vector has 16/size elements.
#define AXPY(T, MOV, MADD, size) \
	SUBS $(64/size), R3;        \
	BLT  vectors;               \
loop4:                          \
	FLDPQ.P 32(R1), (F0, F1);   \
	FLDPQ (R2), (F4, F5);       \
	FLDPQ.P 32(R1), (F2, F3);   \
	FLDPQ 32(R2), (F6, F7);     \
	VFMLA V0.T, V16.T, V4.T;    \
	VFMLA V1.T, V16.T, V5.T;    \
	VFMLA V2.T, V16.T, V6.T;    \
	VFMLA V3.T, V16.T, V7.T;    \
	FSTPQ.P (F4, F5), 32(R2);   \
	FSTPQ.P (F6, F7), 32(R2);   \
	SUBS $(64/size), R3;        \
	BGE  loop4;                 \
vectors:                        \
	ADDS $(48/size), R3;        \
	BLT  ones;                  \
loop1:                          \
	FMOVQ.P 16(R1), F0;         \
	FMOVQ (R2), F4;             \
	VFMLA V0.T, V16.T, V4.T;    \
	FMOVQ.P F4, 16(R2);         \
	SUBS $(16/size), R3;        \
	BGE  loop1;                 \
ones:                           \
	ADDS $(16/size), R3;        \
	BEQ  done;                  \
one:                            \
	MOV.P size(R1), F0;         \
	MOV  (R2), F4;              \
	MADD F0, F4, F16, F4;       \
	MOV.P F4, size(R2);         \
	SUBS $1, R3;                \
	BNE  one;                   \
done:                           \
	RET

// func axpyF32NEON(alpha float32, x, y *float32, n int)
TEXT ·axpyF32NEON(SB), NOSPLIT, $0-32
	FMOVS alpha+0(FP), F16
	VDUP  V16.S[0], V16.S4
	MOVD  x+8(FP), R1
	MOVD  y+16(FP), R2
	MOVD  n+24(FP), R3
	AXPY(S4, FMOVS, FMADDS, 4)

// func axpyF64NEON(alpha float64, x, y *float64, n int)
TEXT ·axpyF64NEON(SB), NOSPLIT, $0-32
	FMOVD alpha+0(FP), F16
	VDUP  V16.D[0], V16.D2
	MOVD  x+8(FP), R1
	MOVD  y+16(FP), R2
	MOVD  n+24(FP), R3
	AXPY(D2, FMOVD, FMADDD, 8)
