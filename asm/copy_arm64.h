// R4 elements, one at least, from one address to another, for tails that go
// through a buffer. R6 to R9 are used up.
#define COPY(from, to, loop) \
	MOVD from, R7;      \
	MOVD to, R8;        \
	MOVD R4, R6;        \
loop:                   \
	MOVWU.P 4(R7), R9;  \
	MOVW.P R9, 4(R8);   \
	SUBS $1, R6;        \
	BNE  loop
