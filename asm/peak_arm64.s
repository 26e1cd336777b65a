//go:build arm64 && !purego

#include "textflag.h"

#define ZERO4(x, y, z, w) \
	VEOR x.B16, x.B16, x.B16; \
	VEOR y.B16, y.B16, y.B16; \
	VEOR z.B16, z.B16, z.B16; \
	VEOR w.B16, w.B16, w.B16

#define MULADD4(T, x, y, z, w) \
	VFMLA V1.T, V0.T, x.T; \
	VFMLA V1.T, V0.T, y.T; \
	VFMLA V1.T, V0.T, z.T; \
	VFMLA V1.T, V0.T, w.T

#define MULADD_LOOP(T) \
	ZERO4(V8, V9, V10, V11);       \
	ZERO4(V12, V13, V14, V15);     \
	ZERO4(V16, V17, V18, V19);     \
	ZERO4(V20, V21, V22, V23);     \
	ZERO4(V24, V25, V26, V27);     \
	ZERO4(V28, V29, V30, V31);     \
	CMP $0, R0;                    \
	BLE done;                      \
turn:                              \
	MULADD4(T, V8, V9, V10, V11);   \
	MULADD4(T, V12, V13, V14, V15); \
	MULADD4(T, V16, V17, V18, V19); \
	MULADD4(T, V20, V21, V22, V23); \
	MULADD4(T, V24, V25, V26, V27); \
	MULADD4(T, V28, V29, V30, V31); \
	SUBS $1, R0;                   \
	BNE  turn;                     \
done:                              \
	RET

// func multiplyAddF32NEON(turns int, a, b float32)
TEXT ·multiplyAddF32NEON(SB), NOSPLIT, $0-16
	MOVD  turns+0(FP), R0
	FMOVS a+8(FP), F0
	FMOVS b+12(FP), F1
	VDUP  V0.S[0], V0.S4
	VDUP  V1.S[0], V1.S4
	MULADD_LOOP(S4)

// func multiplyAddF64NEON(turns int, a, b float64)
TEXT ·multiplyAddF64NEON(SB), NOSPLIT, $0-24
	MOVD  turns+0(FP), R0
	FMOVD a+8(FP), F0
	FMOVD b+16(FP), F1
	VDUP  V0.D[0], V0.D2
	VDUP  V1.D[0], V1.D2
	MULADD_LOOP(D2)

// A line of 64 bytes.
#define READ(from) \
	FLDPQ.P 32(from), (F0, F1);     \
	FLDPQ.P 32(from), (F2, F3);     \
	VEOR    V0.B16, V16.B16, V16.B16; \
	VEOR    V1.B16, V17.B16, V17.B16; \
	VEOR    V2.B16, V18.B16, V18.B16; \
	VEOR    V3.B16, V19.B16, V19.B16

// func readF32NEON(x *float32, lines int) uint32
TEXT ·readF32NEON(SB), NOSPLIT, $0-20
	MOVD x+0(FP), R0
	MOVD lines+8(FP), R1
	ADD  R1<<6, R0, R2
	ZERO4(V16, V17, V18, V19)
	SUBS $4, R1
	BLT  done

turn:
	READ(R0)
	READ(R2)
	READ(R0)
	READ(R2)
	READ(R0)
	READ(R2)
	READ(R0)
	READ(R2)
	SUBS $4, R1
	BGE  turn

done:
	VEOR V17.B16, V16.B16, V16.B16
	VEOR V19.B16, V18.B16, V18.B16
	VEOR V18.B16, V16.B16, V16.B16
	VMOV V16.D[0], R3
	VMOV V16.D[1], R4
	EOR  R4, R3
	EOR  R3>>32, R3
	MOVW R3, ret+16(FP)
	RET
