// Reductions keep their sums in V16 to V23, which hides the latency of an
// addition, and add them pairwise at the end. What does not fill a vector goes
// to a scalar sum of its own, F24.

#define ZERO_SUMS \
	VEOR V16.B16, V16.B16, V16.B16; \
	VEOR V17.B16, V17.B16, V17.B16; \
	VEOR V18.B16, V18.B16, V18.B16; \
	VEOR V19.B16, V19.B16, V19.B16; \
	VEOR V20.B16, V20.B16, V20.B16; \
	VEOR V21.B16, V21.B16, V21.B16; \
	VEOR V22.B16, V22.B16, V22.B16; \
	VEOR V23.B16, V23.B16, V23.B16; \
	VEOR V24.B16, V24.B16, V24.B16

// All vectors to V16.
#define ADD_SUMS(VADD) \
	VADD(17, 16, 16); \
	VADD(19, 18, 18); \
	VADD(21, 20, 20); \
	VADD(23, 22, 22); \
	VADD(18, 16, 16); \
	VADD(22, 20, 20); \
	VADD(20, 16, 16)

// One vector of x as float64 in V4 and V5.
#define WIDEN(x) \
	VFCVTL_D2(x, 4); \
	VFCVTL2_D2(x, 5)

// Σ f(x) in float64 with R1 x and R3 n. TERM(s0, s1) adds the terms of V4 and V5
// to sums s0 and s1, ONE that of F0 to F24.
#define SUM(TERM, ONE) \
	ZERO_SUMS;                     \
	SUBS $16, R3;                  \
	BLT  vectors;                  \
loop16:                            \
	FLDPQ.P 32(R1), (F0, F1);      \
	FLDPQ.P 32(R1), (F2, F3);      \
	WIDEN(0);                      \
	TERM(16, 17, V16.D2, V17.D2);  \
	WIDEN(1);                      \
	TERM(18, 19, V18.D2, V19.D2);  \
	WIDEN(2);                      \
	TERM(20, 21, V20.D2, V21.D2);  \
	WIDEN(3);                      \
	TERM(22, 23, V22.D2, V23.D2);  \
	SUBS $16, R3;                  \
	BGE  loop16;                   \
vectors:                           \
	ADDS $12, R3;                  \
	BLT  ones;                     \
loop4:                             \
	FMOVQ.P 16(R1), F0;            \
	WIDEN(0);                      \
	TERM(16, 17, V16.D2, V17.D2);  \
	SUBS $4, R3;                   \
	BGE  loop4;                    \
ones:                              \
	ADDS $4, R3;                   \
	BEQ  total;                    \
one:                               \
	FMOVS.P 4(R1), F0;             \
	FCVTSD F0, F0;                 \
	ONE;                           \
	SUBS $1, R3;                   \
	BNE  one
