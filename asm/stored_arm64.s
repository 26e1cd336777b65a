//go:build arm64 && !purego

#include "textflag.h"
#include "neon_arm64.h"

// Products with stored weights. In all of them R0 counts rows, R1 is k, R2 points to weights, R3 to
// the inputs and R4 to the results; R5 counts columns and R6 points into the inputs. V16 to V19 are
// the sums of a row, which columns go to in turn.

// shll, shll2 vd.4s, vn.4h, #16: bfloat16 as float32
#define VSHLL_S4(n, d) WORD $(0x2e613800 | (n)<<5 | (d))
#define VSHLL2_S4(n, d) WORD $(0x6e613800 | (n)<<5 | (d))

#define ZERO_ROW \
	VEOR V16.B16, V16.B16, V16.B16; \
	VEOR V17.B16, V17.B16, V17.B16; \
	VEOR V18.B16, V18.B16, V18.B16; \
	VEOR V19.B16, V19.B16, V19.B16

#define STORE_ROW \
	VFADD_S4(19, 18, 18); \
	VFADD_S4(18, 17, 17); \
	VFADD_S4(17, 16, 16); \
	VFADDP_S4(16, 16, 16); \
	VFADDP_S2(16, 16);     \
	FMOVS.P F16, 4(R4)

// The next four weights at R2 into V0, sixteen into V0 to V3.
#define LOAD_F32 FMOVQ.P 16(R2), F0
#define LOAD_F16 FMOVD.P 8(R2), F4; VFCVTL_S4(4, 0)
#define LOAD_BF16 FMOVD.P 8(R2), F4; VSHLL_S4(4, 0)
#define LOADS_F32 FLDPQ.P 32(R2), (F0, F1); FLDPQ.P 32(R2), (F2, F3)
#define LOADS_F16 \
	FLDPQ.P 32(R2), (F4, F5); \
	VFCVTL_S4(4, 0);          \
	VFCVTL2_S4(4, 1);         \
	VFCVTL_S4(5, 2);          \
	VFCVTL2_S4(5, 3)
#define LOADS_BF16 \
	FLDPQ.P 32(R2), (F4, F5); \
	VSHLL_S4(4, 0);           \
	VSHLL2_S4(4, 1);          \
	VSHLL_S4(5, 2);           \
	VSHLL2_S4(5, 3)

#define PLAIN(LOAD, LOADS, shift) \
row:                                 \
	CBZ  R0, done;               \
	MOVD R3, R6;                 \
	ZERO_ROW;                    \
	SUBS $16, R1, R5;            \
	BLT  fours;                  \
sixteen:                             \
	LOADS;                       \
	FLDPQ.P 32(R6), (F8, F9);    \
	FLDPQ.P 32(R6), (F10, F11);  \
	VFMLA V8.S4, V0.S4, V16.S4;  \
	VFMLA V9.S4, V1.S4, V17.S4;  \
	VFMLA V10.S4, V2.S4, V18.S4; \
	VFMLA V11.S4, V3.S4, V19.S4; \
	SUBS  $16, R5;               \
	BGE   sixteen;               \
fours:                               \
	ADDS $12, R5;                \
	BLT  ones;                   \
four:                                \
	LOAD;                        \
	FMOVQ.P 16(R6), F8;          \
	VFMLA V8.S4, V0.S4, V16.S4;  \
	SUBS  $4, R5;                \
	BGE   four;                  \
ones:                                \
	ADD $4, R5;                  \
	ADD R5<<shift, R2;           \
	STORE_ROW;                   \
	SUB $1, R0;                  \
	B   row;                     \
done:                                \
	RET

// func plainF32NEON(rows, k int, w *byte, x *float32, ldx int, y *float32, ldy int)
TEXT ·plainF32NEON(SB), NOSPLIT, $0-56
	MOVD rows+0(FP), R0
	MOVD k+8(FP), R1
	MOVD w+16(FP), R2
	MOVD x+24(FP), R3
	MOVD y+40(FP), R4
	PLAIN(LOAD_F32, LOADS_F32, 2)

// func plainF16NEON(rows, k int, w *byte, x *float32, ldx int, y *float32, ldy int)
TEXT ·plainF16NEON(SB), NOSPLIT, $0-56
	MOVD rows+0(FP), R0
	MOVD k+8(FP), R1
	MOVD w+16(FP), R2
	MOVD x+24(FP), R3
	MOVD y+40(FP), R4
	PLAIN(LOAD_F16, LOADS_F16, 1)

// func plainBF16NEON(rows, k int, w *byte, x *float32, ldx int, y *float32, ldy int)
TEXT ·plainBF16NEON(SB), NOSPLIT, $0-56
	MOVD rows+0(FP), R0
	MOVD k+8(FP), R1
	MOVD w+16(FP), R2
	MOVD x+24(FP), R3
	MOVD y+40(FP), R4
	PLAIN(LOAD_BF16, LOADS_BF16, 1)

// The weights of four columns under the lowest bits of R8, which are dropped, into v; R2 moves on.
// R9 and R10 are the tables of places and of counts.
#define SPREAD_F32(n, v) \
	AND   $15, R8, R11;             \
	LSR   $4, R8;                   \
	FMOVQ (R2), F4;                 \
	ADD   R11<<4, R9, R12;          \
	FMOVQ (R12), F5;                \
	VTBL  V5.B16, [V4.B16], v.B16;  \
	MOVBU (R10)(R11), R12;          \
	ADD   R12<<2, R2
#define SPREAD_F16(n, v) \
	AND   $15, R8, R11;             \
	LSR   $4, R8;                   \
	FMOVD (R2), F4;                 \
	ADD   R11<<4, R9, R12;          \
	FMOVQ (R12), F5;                \
	VTBL  V5.B16, [V4.B16], V6.B16; \
	VFCVTL_S4(6, n);                \
	MOVBU (R10)(R11), R12;          \
	ADD   R12<<1, R2
#define SPREAD_BF16(n, v) \
	AND   $15, R8, R11;             \
	LSR   $4, R8;                   \
	FMOVD (R2), F4;                 \
	ADD   R11<<4, R9, R12;          \
	FMOVQ (R12), F5;                \
	VTBL  V5.B16, [V4.B16], v.B16;  \
	MOVBU (R10)(R11), R12;          \
	ADD   R12<<1, R2

#define SPREADS(SPREAD) \
	SPREAD(0, V0); \
	SPREAD(1, V1); \
	SPREAD(2, V2); \
	SPREAD(3, V3)

// R7 points into the mask, R8 holds 64 bits of it.
#define BITMASK(SPREAD, table) \
	MOVD $table(SB), R9;         \
	MOVD $·bitCounts(SB), R10;   \
row:                                 \
	CBZ  R0, done;               \
	MOVD R3, R6;                 \
	MOVD R1, R5;                 \
	ZERO_ROW;                    \
block:                               \
	MOVD.P 8(R7), R8;            \
	MOVD   $4, R13;              \
sixteen:                             \
	SPREADS(SPREAD);             \
	FLDPQ.P 32(R6), (F20, F21);  \
	FLDPQ.P 32(R6), (F22, F23);  \
	VFMLA V20.S4, V0.S4, V16.S4; \
	VFMLA V21.S4, V1.S4, V17.S4; \
	VFMLA V22.S4, V2.S4, V18.S4; \
	VFMLA V23.S4, V3.S4, V19.S4; \
	SUBS  $1, R13;               \
	BNE   sixteen;               \
	SUBS  $64, R5;               \
	BGT   block;                 \
	STORE_ROW;                   \
	SUB   $1, R0;                \
	B     row;                   \
done:                                \
	RET

// func bitmaskF32NEON(rows, k int, mask, values *byte, x *float32, ldx int, y *float32, ldy int)
TEXT ·bitmaskF32NEON(SB), NOSPLIT, $0-64
	MOVD rows+0(FP), R0
	MOVD k+8(FP), R1
	MOVD mask+16(FP), R7
	MOVD values+24(FP), R2
	MOVD x+32(FP), R3
	MOVD y+48(FP), R4
	BITMASK(SPREAD_F32, ·spreadF32)

// func bitmaskF16NEON(rows, k int, mask, values *byte, x *float32, ldx int, y *float32, ldy int)
TEXT ·bitmaskF16NEON(SB), NOSPLIT, $0-64
	MOVD rows+0(FP), R0
	MOVD k+8(FP), R1
	MOVD mask+16(FP), R7
	MOVD values+24(FP), R2
	MOVD x+32(FP), R3
	MOVD y+48(FP), R4
	BITMASK(SPREAD_F16, ·spreadF16)

// func bitmaskBF16NEON(rows, k int, mask, values *byte, x *float32, ldx int, y *float32, ldy int)
TEXT ·bitmaskBF16NEON(SB), NOSPLIT, $0-64
	MOVD rows+0(FP), R0
	MOVD k+8(FP), R1
	MOVD mask+16(FP), R7
	MOVD values+24(FP), R2
	MOVD x+32(FP), R3
	MOVD y+48(FP), R4
	BITMASK(SPREAD_BF16, ·spreadBF16)

// R0 counts blocks of 64 columns, R6 points to where the weights go.
#define BITMASK_WIDEN(SPREAD, table) \
	MOVD $table(SB), R9;        \
	MOVD $·bitCounts(SB), R10;  \
block:                              \
	CBZ    R0, done;            \
	MOVD.P 8(R7), R8;           \
	MOVD   $4, R13;             \
sixteen:                            \
	SPREADS(SPREAD);            \
	FSTPQ.P (F0, F1), 32(R6);   \
	FSTPQ.P (F2, F3), 32(R6);   \
	SUBS    $1, R13;            \
	BNE     sixteen;            \
	SUB     $1, R0;             \
	B       block;              \
done:                               \
	RET

// func bitmaskWidenF32NEON(blocks int, mask, values *byte, dst *float32)
TEXT ·bitmaskWidenF32NEON(SB), NOSPLIT, $0-32
	MOVD blocks+0(FP), R0
	MOVD mask+8(FP), R7
	MOVD values+16(FP), R2
	MOVD dst+24(FP), R6
	BITMASK_WIDEN(SPREAD_F32, ·spreadF32)

// func bitmaskWidenF16NEON(blocks int, mask, values *byte, dst *float32)
TEXT ·bitmaskWidenF16NEON(SB), NOSPLIT, $0-32
	MOVD blocks+0(FP), R0
	MOVD mask+8(FP), R7
	MOVD values+16(FP), R2
	MOVD dst+24(FP), R6
	BITMASK_WIDEN(SPREAD_F16, ·spreadF16)

// func bitmaskWidenBF16NEON(blocks int, mask, values *byte, dst *float32)
TEXT ·bitmaskWidenBF16NEON(SB), NOSPLIT, $0-32
	MOVD blocks+0(FP), R0
	MOVD mask+8(FP), R7
	MOVD values+16(FP), R2
	MOVD dst+24(FP), R6
	BITMASK_WIDEN(SPREAD_BF16, ·spreadBF16)

// Eight columns: the inputs of four weights are looked up by a byte of places at R7.
#define PAIRS(LOAD, sum) \
	LOAD;                                   \
	MOVBU.P 1(R7), R8;                      \
	AND     $15, R8, R11;                   \
	LSR     $4, R8;                         \
	ADD     R11<<4, R9, R11;                \
	ADD     R8<<4, R9, R8;                  \
	FMOVD   (R11), F20;                     \
	FMOVD   8(R8), F21;                     \
	VMOV    V21.D[0], V20.D[1];             \
	FLDPQ.P 32(R6), (F8, F9);               \
	VTBL    V20.B16, [V8.B16, V9.B16], V22.B16; \
	VFMLA   V22.S4, V0.S4, sum.S4

#define SEMI(LOAD, shift) \
	MOVD $·places(SB), R9;       \
row:                                 \
	CBZ  R0, done;               \
	MOVD R3, R6;                 \
	ZERO_ROW;                    \
	SUBS $32, R1, R5;            \
	BLT  eights;                 \
block:                               \
	PAIRS(LOAD, V16);            \
	PAIRS(LOAD, V17);            \
	PAIRS(LOAD, V18);            \
	PAIRS(LOAD, V19);            \
	SUBS $32, R5;                \
	BGE  block;                  \
eights:                              \
	ADDS $24, R5;                \
	BLT  fours;                  \
eight:                               \
	PAIRS(LOAD, V16);            \
	SUBS $8, R5;                 \
	BGE  eight;                  \
fours:                               \
	ADDS $8, R5;                 \
	BEQ  finish;                 \
	ADD  $1, R7;                 \
	ADD  $(2<<shift), R2;        \
finish:                              \
	STORE_ROW;                   \
	SUB $1, R0;                  \
	B   row;                     \
done:                                \
	RET

// func semiF32NEON(rows, k int, indices, values *byte, x *float32, ldx int, y *float32, ldy int)
TEXT ·semiF32NEON(SB), NOSPLIT, $0-64
	MOVD rows+0(FP), R0
	MOVD k+8(FP), R1
	MOVD indices+16(FP), R7
	MOVD values+24(FP), R2
	MOVD x+32(FP), R3
	MOVD y+48(FP), R4
	SEMI(LOAD_F32, 2)

// func semiF16NEON(rows, k int, indices, values *byte, x *float32, ldx int, y *float32, ldy int)
TEXT ·semiF16NEON(SB), NOSPLIT, $0-64
	MOVD rows+0(FP), R0
	MOVD k+8(FP), R1
	MOVD indices+16(FP), R7
	MOVD values+24(FP), R2
	MOVD x+32(FP), R3
	MOVD y+48(FP), R4
	SEMI(LOAD_F16, 1)

// func semiBF16NEON(rows, k int, indices, values *byte, x *float32, ldx int, y *float32, ldy int)
TEXT ·semiBF16NEON(SB), NOSPLIT, $0-64
	MOVD rows+0(FP), R0
	MOVD k+8(FP), R1
	MOVD indices+16(FP), R7
	MOVD values+24(FP), R2
	MOVD x+32(FP), R3
	MOVD y+48(FP), R4
	SEMI(LOAD_BF16, 1)

// The next weight at R2 into all of V31.
#define SPLAT_F32 MOVWU.P 4(R2), R11; VDUP R11, V31.S4
#define SPLAT_BF16 MOVHU.P 2(R2), R11; LSL $16, R11; VDUP R11, V31.S4
#define SPLAT_F16 MOVHU.P 2(R2), R11; FMOVS R11, F31; FCVTHS F31, F31; VDUP V31.S[0], V31.S4

#define ADD16(a, b, c, d) \
	VLD1.P 64(R6), [V16.S4, V17.S4, V18.S4, V19.S4]; \
	VFMLA V16.S4, V31.S4, a.S4; \
	VFMLA V17.S4, V31.S4, b.S4; \
	VFMLA V18.S4, V31.S4, c.S4; \
	VFMLA V19.S4, V31.S4, d.S4

// V0 to V15 are the sums of 64 tokens. R7 points to the bits of a row, R9 to the places of the
// weights, R10 to the sums; R8 holds the bits that are left.
#define PANEL(SPLAT) \
row:                            \
	CBZ  R0, done;          \
	MOVD (R7), R8;          \
	CBZ  R8, next;          \
	MOVD (R9), R2;          \
	ADD  R4, R2;            \
	MOVD R10, R6;           \
	VLD1.P 64(R6), [V0.S4, V1.S4, V2.S4, V3.S4];     \
	VLD1.P 64(R6), [V4.S4, V5.S4, V6.S4, V7.S4];     \
	VLD1.P 64(R6), [V8.S4, V9.S4, V10.S4, V11.S4];   \
	VLD1.P 64(R6), [V12.S4, V13.S4, V14.S4, V15.S4]; \
weight:                         \
	SPLAT;                  \
	RBIT R8, R11;           \
	CLZ  R11, R11;          \
	ADD  R11<<8, R3, R6;    \
	ADD16(V0, V1, V2, V3);  \
	ADD16(V4, V5, V6, V7);  \
	ADD16(V8, V9, V10, V11); \
	ADD16(V12, V13, V14, V15); \
	SUB  $1, R8, R11;       \
	ANDS R11, R8, R8;       \
	BNE  weight;            \
	MOVD R10, R6;           \
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R6);     \
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R6);     \
	VST1.P [V8.S4, V9.S4, V10.S4, V11.S4], 64(R6);   \
	VST1.P [V12.S4, V13.S4, V14.S4, V15.S4], 64(R6); \
	SUB  R4, R2;            \
	MOVD R2, (R9);          \
next:                           \
	ADD R1, R7;             \
	ADD $8, R9;             \
	ADD $256, R10;          \
	SUB $1, R0;             \
	B   row;                \
done:                           \
	RET

// func panelF32NEON(rows int, mask *byte, stride int, values *byte, at *uint64, x, c *float32)
TEXT ·panelF32NEON(SB), NOSPLIT, $0-56
	MOVD rows+0(FP), R0
	MOVD mask+8(FP), R7
	MOVD stride+16(FP), R1
	MOVD values+24(FP), R4
	MOVD at+32(FP), R9
	MOVD x+40(FP), R3
	MOVD c+48(FP), R10
	PANEL(SPLAT_F32)

// func panelF16NEON(rows int, mask *byte, stride int, values *byte, at *uint64, x, c *float32)
TEXT ·panelF16NEON(SB), NOSPLIT, $0-56
	MOVD rows+0(FP), R0
	MOVD mask+8(FP), R7
	MOVD stride+16(FP), R1
	MOVD values+24(FP), R4
	MOVD at+32(FP), R9
	MOVD x+40(FP), R3
	MOVD c+48(FP), R10
	PANEL(SPLAT_F16)

// func panelBF16NEON(rows int, mask *byte, stride int, values *byte, at *uint64, x, c *float32)
TEXT ·panelBF16NEON(SB), NOSPLIT, $0-56
	MOVD rows+0(FP), R0
	MOVD mask+8(FP), R7
	MOVD stride+16(FP), R1
	MOVD values+24(FP), R4
	MOVD at+32(FP), R9
	MOVD x+40(FP), R3
	MOVD c+48(FP), R10
	PANEL(SPLAT_BF16)

// func transposeF32NEON(n int, dst *float32, ldDst int, src *float32, ldSrc int)
TEXT ·transposeF32NEON(SB), NOSPLIT, $0-40
	MOVD n+0(FP), R0
	MOVD dst+8(FP), R1
	MOVD ldDst+16(FP), R2
	MOVD src+24(FP), R3
	MOVD ldSrc+32(FP), R4
	LSL  $2, R2
	ADD  R4<<2, R3, R5
	ADD  R4<<2, R5, R6
	ADD  R4<<2, R6, R7

loop:
	CBZ     R0, done
	FMOVQ.P 16(R3), F0
	FMOVQ.P 16(R5), F1
	FMOVQ.P 16(R6), F2
	FMOVQ.P 16(R7), F3
	VTRN1   V1.S4, V0.S4, V4.S4
	VTRN2   V1.S4, V0.S4, V5.S4
	VTRN1   V3.S4, V2.S4, V6.S4
	VTRN2   V3.S4, V2.S4, V7.S4
	VZIP1   V6.D2, V4.D2, V0.D2
	VZIP1   V7.D2, V5.D2, V1.D2
	VZIP2   V6.D2, V4.D2, V2.D2
	VZIP2   V7.D2, V5.D2, V3.D2
	FMOVQ   F0, (R1)
	ADD     R2, R1
	FMOVQ   F1, (R1)
	ADD     R2, R1
	FMOVQ   F2, (R1)
	ADD     R2, R1
	FMOVQ   F3, (R1)
	ADD     R2, R1
	SUB     $4, R0
	B       loop

done:
	RET
