//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"

// R0 is the place in the panel, R1 that in the matrix, R2 the distance of rows
// there in bytes, R3 the steps left over k.
#define ROWS_32_BYTES \
loop:                         \
	CBZ     R3, done;         \
	FLDPQ   (R1), (F0, F1);   \
	ADD     R2, R1;           \
	FSTPQ.P (F0, F1), 32(R0); \
	SUB     $1, R3;           \
	B       loop;             \
done:                         \
	RET

#define ROWS_48_BYTES \
loop:                         \
	CBZ     R3, done;         \
	FLDPQ   (R1), (F0, F1);   \
	FMOVQ   32(R1), F2;       \
	ADD     R2, R1;           \
	FSTPQ.P (F0, F1), 32(R0); \
	FMOVQ.P F2, 16(R0);       \
	SUB     $1, R3;           \
	B       loop;             \
done:                         \
	RET

#define ROWS_64_BYTES \
loop:                         \
	CBZ     R3, done;         \
	FLDPQ   (R1), (F0, F1);   \
	FLDPQ   32(R1), (F2, F3); \
	ADD     R2, R1;           \
	FSTPQ.P (F0, F1), 32(R0); \
	FSTPQ.P (F2, F3), 32(R0); \
	SUB     $1, R3;           \
	B       loop;             \
done:                         \
	RET

// Four rows of the matrix, four elements of each at a time, become columns of a
// panel whose rows have the given number of bytes.
#define COLUMNS_F32(bytes) \
	ADD     R2, R1, R4;              \
	ADD     R2, R4, R5;              \
	ADD     R2, R5, R6;              \
loop:                                \
	SUBS    $4, R3;                  \
	BLT     done;                    \
	FMOVQ.P 16(R1), F0;              \
	FMOVQ.P 16(R4), F1;              \
	FMOVQ.P 16(R5), F2;              \
	FMOVQ.P 16(R6), F3;              \
	VTRN1   V1.S4, V0.S4, V4.S4;     \
	VTRN2   V1.S4, V0.S4, V5.S4;     \
	VTRN1   V3.S4, V2.S4, V6.S4;     \
	VTRN2   V3.S4, V2.S4, V7.S4;     \
	VZIP1   V6.D2, V4.D2, V0.D2;     \
	VZIP1   V7.D2, V5.D2, V1.D2;     \
	VZIP2   V6.D2, V4.D2, V2.D2;     \
	VZIP2   V7.D2, V5.D2, V3.D2;     \
	FMOVQ   F0, (R0);                \
	FMOVQ   F1, bytes(R0);           \
	FMOVQ   F2, (2*bytes)(R0);       \
	FMOVQ   F3, (3*bytes)(R0);       \
	ADD     $(4*bytes), R0;          \
	B       loop;                    \
done:                                \
	RET

// The same with two rows and two elements.
#define COLUMNS_F64(bytes) \
	ADD     R2, R1, R4;          \
loop:                            \
	SUBS    $2, R3;              \
	BLT     done;                \
	FMOVQ.P 16(R1), F0;          \
	FMOVQ.P 16(R4), F1;          \
	VZIP1   V1.D2, V0.D2, V2.D2; \
	VZIP2   V1.D2, V0.D2, V3.D2; \
	FMOVQ   F2, (R0);            \
	FMOVQ   F3, bytes(R0);       \
	ADD     $(2*bytes), R0;      \
	B       loop;                \
done:                            \
	RET

// func packRows8xF32NEON(dst, src *float32, ld, k int)
TEXT ·packRows8xF32NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	LSL  $2, R2
	MOVD k+24(FP), R3
	ROWS_32_BYTES

// func packRows12xF32NEON(dst, src *float32, ld, k int)
TEXT ·packRows12xF32NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	LSL  $2, R2
	MOVD k+24(FP), R3
	ROWS_48_BYTES

// func packRows8xF64NEON(dst, src *float64, ld, k int)
TEXT ·packRows8xF64NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	LSL  $3, R2
	MOVD k+24(FP), R3
	ROWS_64_BYTES

// func packRows6xF64NEON(dst, src *float64, ld, k int)
TEXT ·packRows6xF64NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	LSL  $3, R2
	MOVD k+24(FP), R3
	ROWS_48_BYTES

// func packColumns8xF32NEON(dst, src *float32, ld, k int)
TEXT ·packColumns8xF32NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	LSL  $2, R2
	MOVD k+24(FP), R3
	COLUMNS_F32(32)

// func packColumns12xF32NEON(dst, src *float32, ld, k int)
TEXT ·packColumns12xF32NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	LSL  $2, R2
	MOVD k+24(FP), R3
	COLUMNS_F32(48)

// func packColumns8xF64NEON(dst, src *float64, ld, k int)
TEXT ·packColumns8xF64NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	LSL  $3, R2
	MOVD k+24(FP), R3
	COLUMNS_F64(64)

// func packColumns6xF64NEON(dst, src *float64, ld, k int)
TEXT ·packColumns6xF64NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	LSL  $3, R2
	MOVD k+24(FP), R3
	COLUMNS_F64(48)
