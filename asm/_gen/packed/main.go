// Command packed writes the kernels that multiply stored weights by a few vectors.
package main

import (
	"fmt"

	"github.com/adagp/adagp/asm/_gen/emit"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	emit.Begin()
	for _, v := range []emit.Vec{emit.F32AVX512, emit.F32AVX2} {
		for _, f := range formats {
			quarters(v, f)
			if f.size == 2 {
				widen(v, f)
			}
			bitmaskWiden(v, f)
			bitmaskPairs(v, f, false)
			if v.Level == "AVX512" {
				bitmaskPairs(v, f, true)
			}
			for _, tokens := range []int{1, 4} {
				plain(v, f, tokens)
				bitmask(v, f, tokens)
				semi(v, f, tokens)
			}
		}
	}
	unzip()
	for _, v := range []emit.Vec{emit.F32AVX512, emit.F32AVX2} {
		transpose(v)
		for _, f := range formats {
			panel(v, f)
		}
	}
	Generate()
}

// format is how a weight is stored.
type format struct {
	name string
	size int
}

var (
	floats  = format{"F32", 4}
	formats = []format{floats, {"F16", 2}, {"BF16", 2}}
)

// load brings a vector of weights from memory to float32, only those that the mask selects if there
// is one (AVX-512).
func (f format) load(v emit.Vec, m Mem, mask *lanes) VecVirtual {
	x := v.Reg()
	if f.size == 4 {
		if mask != nil {
			VMOVUPS_Z(m, mask.k, x)
		} else {
			VMOVUPS(m, x)
		}
		return x
	}
	var half Op = m
	if mask != nil {
		y := YMM()
		VMOVDQU16_Z(m, mask.k, y)
		half = y
	}
	if f.name == "F16" {
		VCVTPH2PS(half, x)
		return x
	}
	VPMOVZXWD(half, x)
	VPSLLD(U8(16), x, x)
	return x
}

// lanes selects the first ones of a vector of weights, and of the bytes of their places.
type lanes struct{ k, bytes OpmaskVirtual }

func firstLanes(n Register) OpmaskVirtual {
	bits, mask := GP64(), K()
	MOVQ(I32(-1), bits)
	BZHIQ(n, bits, bits)
	KMOVQ(bits, mask)
	return mask
}

// kernel is what the functions of this file have in common: a loop over rows, in which a sum per
// token and slot grows along the columns.
type kernel struct {
	v      emit.Vec
	tokens int
	x      []Mem // of each token, moving along
	base   Register
	sums   [][]VecVirtual // [slot][token]
}

// slots is how many sums there are for a row and a vector, to hide the latency of a multiply-add.
// Columns go to them in turn, whatever the number of vectors: AVX2 has no registers for more.
func slots(v emit.Vec) int {
	if v.Level == "AVX512" {
		return 4
	}
	return 2
}

// rows writes the loop. body is what happens in a row.
func rows(v emit.Vec, tokens int, body func(k *kernel)) {
	count := Load(Param("rows"), GP64())
	k := &kernel{v: v, tokens: tokens, base: GP64()}
	ld := Load(Param("ldx"), GP64())
	SHLQ(U8(2), ld)
	ld3 := GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	k.x = fourApart(k.base, ld, ld3)[:tokens]
	y := Mem{Base: Load(Param("y"), GP64())}
	for range slots(v) {
		var sums []VecVirtual
		for range tokens {
			sums = append(sums, v.Reg())
		}
		k.sums = append(k.sums, sums)
	}

	Label("row")
	TESTQ(count, count)
	JLE(LabelRef("done"))
	Load(Param("x"), k.base)
	for _, sums := range k.sums {
		for _, s := range sums {
			v.Zero(s, s, s)
		}
	}
	body(k)
	for i := len(k.sums) - 1; i > 0; i-- {
		for t := range tokens {
			v.Add(k.sums[i][t], k.sums[i-1][t], k.sums[i-1][t])
		}
	}
	at := GP64()
	MOVQ(y.Base, at)
	ldy := GP64()
	if tokens > 1 {
		Load(Param("ldy"), ldy)
	}
	for t := range tokens {
		sum := total(v, k.sums[0][t])
		VMOVSS(sum, Mem{Base: at})
		if t+1 < tokens {
			LEAQ(Mem{Base: at, Index: ldy, Scale: 4}, at)
		}
	}
	ADDQ(I8(4), y.Base)
	DECQ(count)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}

// add adds weights times the inputs that lie that many columns on.
func (k *kernel) add(w VecVirtual, slot, column int) {
	for t, x := range k.x {
		k.v.FMA(x.Offset(4*column), w, k.sums[slot%slots(k.v)][t])
	}
}

// advance moves the inputs on.
func (k *kernel) advance(columns int) { ADDQ(I32(4*columns), k.base) }

func begin(layout string, v emit.Vec, f format, tokens int, params string, doc ...string) {
	name := fmt.Sprintf("%s%sx%d%s", layout, f.name, tokens, v.Level)
	TEXT(name, NOSPLIT, fmt.Sprintf("func(rows, k int, %s *byte, x *float32, ldx int, y *float32, ldy int)", params))
	Doc(append([]string{fmt.Sprintf("%s multiplies stored rows by %d padded vectors:", name, tokens), "",
		fmt.Sprintf("\tfor i < rows, t < %d:", tokens)}, doc...)...)
	Pragma("noescape")
}

func plain(v emit.Vec, f format, tokens int) {
	begin("plain", v, f, tokens, "w", "\t\ty[t*ldy+i] = Σ w[i*k+p]*x[t*ldx+p]"+except(v, v.Lanes))
	w := Mem{Base: Load(Param("w"), GP64())}
	rows(v, tokens, func(k *kernel) {
		left := Load(Param("k"), GP64())
		loopColumns(left, slots(v), v.Lanes, func(slot int) {
			k.add(f.load(v, w.Offset(slot*v.Lanes*f.size), nil), slot, slot*v.Lanes)
		}, func(columns int) {
			ADDQ(I32(columns*f.size), w.Base)
			k.advance(columns)
		})
		if v.Level == "AVX512" {
			TESTQ(left, left)
			JE(LabelRef("finish"))
			mask := &lanes{k: firstLanes(left)}
			weights := f.load(v, w, mask)
			for t, x := range k.x {
				v.FMA(weights, floats.load(v, x, mask), k.sums[0][t])
			}
		}
		LEAQ(Mem{Base: w.Base, Index: left, Scale: uint8(f.size)}, w.Base)
		Label("finish")
	})
}

// lineBytes is the size of a line of the caches; fetchAhead is how far quarters asks for those to come,
// valuesAhead how far bitmaskPairs does.
const (
	lineBytes   = 64
	fetchAhead  = 1536
	valuesAhead = 2048
)

// quarters is plain for one vector and the four quarters of the rows side by side: that many streams
// keep the prefetchers busy, and inputs that have left the first-level cache come back for four rows
// at once. The sums are those of plain.
func quarters(v emit.Vec, f format) {
	TEXT(fmt.Sprintf("quarters%s%s", f.name, v.Level), NOSPLIT, "func(rows, k int, w *byte, x *float32, y *float32)")
	Doc(fmt.Sprintf("quarters%s%s multiplies 4·rows stored rows by a padded vector:", f.name, v.Level), "",
		"\tfor i < 4*rows: y[i] = Σ w[i*k+p]*x[p]"+except(v, v.Lanes))
	Pragma("noescape")
	count := Load(Param("rows"), GP64())
	base, step, step3 := Load(Param("w"), GP64()), GP64(), GP64()
	Load(Param("k"), step)
	IMULQ(count, step)
	SHLQ(U8(f.size/2), step)
	LEAQ(Mem{Base: step, Index: step, Scale: 2}, step3)
	weights := fourApart(base, step, step3)
	x := Mem{Base: GP64()}
	y, apart, apart3 := Load(Param("y"), GP64()), GP64(), GP64()
	MOVQ(count, apart)
	LEAQ(Mem{Base: apart, Index: apart, Scale: 2}, apart3)
	results := []Mem{{Base: y}, {Base: y, Index: apart, Scale: 4}, {Base: y, Index: apart, Scale: 8}, {Base: y, Index: apart3, Scale: 4}}
	sums := make([][4]VecVirtual, slots(v))
	for i := range sums {
		for q := range weights {
			sums[i][q] = v.Reg()
		}
	}
	add := func(slot int, mask *lanes) {
		at := slot * v.Lanes * f.size
		if mask == nil && at%lineBytes == 0 {
			for _, w := range weights {
				PREFETCHT0(w.Offset(fetchAhead + at))
			}
		}
		in := floats.load(v, x.Offset(slot*v.Bytes()), mask)
		for q, w := range weights {
			if w := w.Offset(at); f.size == 4 && mask == nil {
				v.FMA(w, in, sums[slot][q])
			} else {
				v.FMA(f.load(v, w, mask), in, sums[slot][q])
			}
		}
	}

	Label("row")
	TESTQ(count, count)
	JLE(LabelRef("done"))
	Load(Param("x"), x.Base)
	left := Load(Param("k"), GP64())
	for _, s := range sums {
		for _, sum := range s {
			v.Zero(sum, sum, sum)
		}
	}
	loopColumns(left, slots(v), v.Lanes, func(slot int) { add(slot, nil) }, func(columns int) {
		ADDQ(I32(columns*f.size), base)
		ADDQ(I32(columns*4), x.Base)
	})
	if v.Level == "AVX512" {
		TESTQ(left, left)
		JE(LabelRef("finish"))
		add(0, &lanes{k: firstLanes(left)})
	}
	LEAQ(Mem{Base: base, Index: left, Scale: uint8(f.size)}, base)
	Label("finish")
	for q, to := range results {
		for slot := len(sums) - 1; slot > 0; slot-- {
			v.Add(sums[slot][q], sums[slot-1][q], sums[slot-1][q])
		}
		VMOVSS(total(v, sums[0][q]), to)
	}
	ADDQ(I8(4), y)
	DECQ(count)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}

// fourApart returns what is at a pointer and one, two and three times a distance on.
func fourApart(base, distance, thrice Register) []Mem {
	return []Mem{{Base: base}, {Base: base, Index: distance, Scale: 1}, {Base: base, Index: distance, Scale: 2}, {Base: base, Index: thrice, Scale: 1}}
}

// loopColumns writes a loop that does a vector of columns for each slot, and then one at a time, until
// less are left.
func loopColumns(left Register, slots, columns int, do func(slot int), advance func(columns int)) {
	Label("block")
	CMPQ(left, I32(slots*columns))
	JLT(LabelRef("single"))
	for slot := range slots {
		do(slot)
	}
	advance(slots * columns)
	SUBQ(I32(slots*columns), left)
	JMP(LabelRef("block"))
	Label("single")
	CMPQ(left, I32(columns))
	JLT(LabelRef("tail"))
	do(0)
	advance(columns)
	SUBQ(I32(columns), left)
	JMP(LabelRef("single"))
	Label("tail")
}

// total adds up the lanes, as [emit.Vec.Reduce] does, in any register.
func total(v emit.Vec, sum VecVirtual) Register {
	if v.Level != "AVX512" {
		return v.Reduce(sum, 4, VADDPS)
	}
	other := ZMM()
	VEXTRACTF64X4(U8(1), sum, other.AsY())
	VADDPS(other.AsY(), sum.AsY(), sum.AsY())
	VEXTRACTF32X4(U8(1), sum.AsY(), other.AsX())
	VADDPS(other.AsX(), sum.AsX(), sum.AsX())
	for _, order := range []uint8{0x4e, 0xb1} {
		VPERMILPS(U8(order), sum.AsX(), other.AsX())
		VADDPS(other.AsX(), sum.AsX(), sum.AsX())
	}
	return sum.AsX()
}

// except says which columns a kernel leaves to others.
func except(v emit.Vec, columns int) string {
	if v.Level == "AVX512" {
		return ""
	}
	return fmt.Sprintf(", but for the last k%%%d columns", columns)
}

// widen writes the conversion to float32.
func widen(v emit.Vec, f format) {
	TEXT("widen"+f.name+v.Level, NOSPLIT, "func(dst *float32, src *byte, n int)")
	Doc(fmt.Sprintf("widen%s%s converts n weights, a multiple of %d:", f.name, v.Level, v.Lanes), "",
		"\tfor i < n: dst[i] = float32 of src[i]")
	Pragma("noescape")
	dst := Mem{Base: Load(Param("dst"), GP64())}
	src := Mem{Base: Load(Param("src"), GP64())}
	left := Load(Param("n"), GP64())
	loopColumns(left, slots(v), v.Lanes, func(slot int) {
		v.Load(f.load(v, src.Offset(slot*v.Lanes*f.size), nil), dst.Offset(slot*v.Bytes()))
	}, func(columns int) {
		ADDQ(I32(columns*f.size), src.Base)
		ADDQ(I32(columns*4), dst.Base)
	})
	VZEROUPPER()
	RET()
}

const maskColumns = 64

// bitRow is a row of weights under a bit mask that is being widened.
type bitRow struct {
	v            emit.Vec
	f            format
	mask, values Mem
	narrow       bool   // see load
	ordered      bool   // without need of unzip
	name         string // of labels
	later        *[]func()

	bits        OpmaskVirtual // of four groups of columns
	table, high Op
}

// prepare loads the constants that rows share.
func (r *bitRow) prepare() {
	switch {
	case r.v.Level == "AVX2":
		table := GP64()
		LEAQ(expandTable(), table)
		r.table = table
	case r.f.name == "BF16":
		high := r.v.Reg()
		r.v.Load(emit.Bits("highHalf", 0xffff0000), high)
		r.high = high
	case r.f.size == 4:
		r.bits = K()
	}
}

// columns returns how many columns spread does at once.
func (r *bitRow) columns() int {
	if r.v.Level == "AVX512" && r.f.size == 2 {
		return 2 * r.v.Lanes
	}
	return r.v.Lanes
}

// spread returns the weights of group number i of the next 64 columns, zeros where there are none,
// and moves values on.
func (r *bitRow) spread(i int) []VecVirtual {
	switch {
	case r.v.Level == "AVX2":
		return r.permute(i)
	case r.f.size == 4:
		return r.expand(i)
	default:
		return r.expandHalves(i)
	}
}

func (r *bitRow) advance(count Register) {
	LEAQ(Mem{Base: r.values.Base, Index: count, Scale: uint8(r.f.size)}, r.values.Base)
}

// permute spreads the weights of eight columns by a permutation from a table.
func (r *bitRow) permute(i int) []VecVirtual {
	count, index := GP64(), r.v.Reg()
	MOVBLZX(r.mask.Offset(i), count.As32())
	w := r.f.load(r.v, r.values, nil)
	VPMOVSXBD(Mem{Base: r.table.(Register), Index: count, Scale: 8}, index)
	VPERMPS(w, index, w)
	VPSRAD(U8(31), index, index)
	VPAND(index, w, w)
	POPCNTL(count.As32(), count.As32())
	r.advance(count)
	return []VecVirtual{w}
}

// load loads a vector of weights; a narrow kernel loads half of it and only where count says that
// more are needed, the whole: a vector that lies in two lines of the cache, as most whole ones do,
// takes about twice as long.
func (r *bitRow) load(i int, count Register, limit int) VecVirtual {
	x := ZMM()
	if !r.narrow {
		VMOVDQU32(r.values, x)
		return x
	}
	wide, loaded := fmt.Sprintf("wide%s%d", r.name, i), fmt.Sprintf("loaded%s%d", r.name, i)
	VMOVDQU32(r.values, x.AsY())
	CMPL(count, U8(limit))
	JHI(LabelRef(wide))
	Label(loaded)
	*r.later = append(*r.later, func() {
		Label(wide)
		VMOVDQU32(r.values, x)
		JMP(LabelRef(loaded))
	})
	return x
}

// expand spreads the float32 of sixteen columns.
func (r *bitRow) expand(i int) []VecVirtual {
	if i == 0 {
		KMOVQ(r.mask, r.bits)
	} else {
		KSHIFTRQ(U8(16), r.bits, r.bits)
	}
	count := GP64()
	MOVWLZX(r.mask.Offset(2*i), count.As32())
	POPCNTL(count.As32(), count.As32())
	w := r.load(i, count.As32(), 8)
	VEXPANDPS_Z(w, r.bits, w)
	r.advance(count)
	return []VecVirtual{w}
}

// expandHalves spreads the halves of 32 columns. Those of bfloat16 come out as unzip sorts them.
func (r *bitRow) expandHalves(i int) []VecVirtual {
	count := GP64()
	POPCNTL(r.mask.Offset(4*i), count.As32())
	if i == 0 {
		r.bits = K()
		KMOVQ(r.mask, r.bits)
	} else {
		KSHIFTRQ(U8(32), r.bits, r.bits)
	}
	bits := r.bits
	w := r.load(i, count.As32(), 16)
	VPEXPANDW_Z(w, bits, w)
	first, second := ZMM(), ZMM()
	switch {
	case r.f.name == "BF16" && r.ordered:
		VEXTRACTI64X4(U8(1), w, second.AsY())
		VPMOVZXWD(w.AsY(), first)
		VPMOVZXWD(second.AsY(), second)
		VPSLLD(U8(16), first, first)
		VPSLLD(U8(16), second, second)
	case r.f.name == "BF16":
		VPSLLD(U8(16), w, first)
		VPANDD(r.high, w, second)
	default:
		VEXTRACTI64X4(U8(1), w, second.AsY())
		VCVTPH2PS(w.AsY(), first)
		VCVTPH2PS(second.AsY(), second)
	}
	r.advance(count)
	return []VecVirtual{first, second}
}

func bitmaskDoc(v emit.Vec, f format, sum string) string {
	if v.Level == "AVX512" && f.name == "BF16" {
		return sum + ", x in the order of unzip"
	}
	return sum
}

func bitmask(v emit.Vec, f format, tokens int) {
	begin("bitmask", v, f, tokens, "mask, values",
		bitmaskDoc(v, f, "\t\ty[t*ldy+i] = Σ (the next of values)*x[t*ldx+p] over the bits p of row i of mask"))
	row := &bitRow{v: v, f: f, mask: Mem{Base: Load(Param("mask"), GP64())}, values: Mem{Base: Load(Param("values"), GP64())}}
	row.prepare()
	rows(v, tokens, func(k *kernel) {
		left := Load(Param("k"), GP64())
		Label("block")
		for i := range maskColumns / row.columns() {
			for j, w := range row.spread(i) {
				column := i*row.columns() + j*v.Lanes
				k.add(w, column/v.Lanes, column)
			}
		}
		ADDQ(I8(maskColumns/8), row.mask.Base)
		k.advance(maskColumns)
		SUBQ(I8(maskColumns), left)
		JG(LabelRef("block"))
	})
}

// bitmaskWiden writes the conversion of a row to float32, with its zeros.
func bitmaskWiden(v emit.Vec, f format) {
	TEXT("bitmaskWiden"+f.name+v.Level, NOSPLIT, "func(blocks int, mask, values *byte, dst *float32)")
	Doc("bitmaskWiden"+f.name+v.Level+" puts stored weights where they belong:", "",
		fmt.Sprintf("\tfor p < %d*blocks: dst[p] = the next of values if bit p of mask is set, or else 0", maskColumns))
	Pragma("noescape")
	blocks := Load(Param("blocks"), GP64())
	row := &bitRow{v: v, f: f, ordered: true, mask: Mem{Base: Load(Param("mask"), GP64())}, values: Mem{Base: Load(Param("values"), GP64())}}
	row.prepare()
	dst := Mem{Base: Load(Param("dst"), GP64())}
	Label("block")
	TESTQ(blocks, blocks)
	JLE(LabelRef("done"))
	for i := range maskColumns / row.columns() {
		for j, w := range row.spread(i) {
			v.Load(w, dst.Offset(4*(i*row.columns()+j*v.Lanes)))
		}
	}
	ADDQ(I8(maskColumns/8), row.mask.Base)
	ADDQ(I32(4*maskColumns), dst.Base)
	DECQ(blocks)
	JMP(LabelRef("block"))
	Label("done")
	VZEROUPPER()
	RET()
}

// bitmaskPairs is bitmask for one vector and both halves of the rows side by side: they share the
// inputs, and the wait for one fills that for the other.
func bitmaskPairs(v emit.Vec, f format, narrow bool) {
	name := fmt.Sprintf("bitmaskPairs%s%s", f.name, v.Level)
	if narrow {
		name = fmt.Sprintf("bitmaskPairs%sNarrow%s", f.name, v.Level)
	}
	TEXT(name, NOSPLIT, "func(rows, k int, mask, values, upper *byte, x *float32, y *float32)")
	doc := []string{fmt.Sprintf("%s multiplies 2·rows stored rows by a padded vector; the second half of the weights is in upper:", name), "",
		bitmaskDoc(v, f, "\tfor i < 2*rows: y[i] = Σ (the next of values)*x[p] over the bits p of row i of mask")}
	if narrow {
		doc = append(doc, "", "It is the faster one where less than half the bits are set.")
	}
	Doc(doc...)
	Pragma("noescape")
	count := Load(Param("rows"), GP64())
	var later []func()
	low := &bitRow{v: v, f: f, narrow: narrow, name: "Low", later: &later,
		mask: Mem{Base: Load(Param("mask"), GP64())}, values: Mem{Base: Load(Param("values"), GP64())}}
	low.prepare()
	high := *low
	high.name = "High"
	high.values = Mem{Base: Load(Param("upper"), GP64())}
	high.mask = Mem{Base: Load(Param("k"), GP64())}
	if f.size == 4 && v.Level == "AVX512" {
		high.bits = K()
	}
	ADDQ(I8(maskColumns-1), high.mask.Base)
	SHRQ(U8(6), high.mask.Base)
	IMULQ(count, high.mask.Base)
	LEAQ(Mem{Base: low.mask.Base, Index: high.mask.Base, Scale: 8}, high.mask.Base)
	both := []*bitRow{low, &high}
	x := Mem{Base: GP64()}
	y := Mem{Base: Load(Param("y"), GP64())}
	half := GP64()
	MOVQ(count, half)
	sums := make([][2]VecVirtual, slots(v))
	for i := range sums {
		sums[i] = [2]VecVirtual{v.Reg(), v.Reg()}
	}

	Label("row")
	TESTQ(count, count)
	JLE(LabelRef("done"))
	Load(Param("x"), x.Base)
	left := Load(Param("k"), GP64())
	for _, s := range sums {
		for _, sum := range s {
			v.Zero(sum, sum, sum)
		}
	}
	Label("block")
	for i := range maskColumns / low.columns() {
		var in []VecVirtual
		for column := i * low.columns(); column < (i+1)*low.columns(); column += v.Lanes {
			in = append(in, floats.load(v, x.Offset(4*column), nil))
		}
		for r, row := range both {
			for j, w := range row.spread(i) {
				v.FMA(in[j], w, sums[(i*len(in)+j)%slots(v)][r])
			}
		}
	}
	for _, row := range both {
		PREFETCHT0(row.values.Offset(valuesAhead))
		if f.size == 4 && !narrow {
			PREFETCHT0(row.values.Offset(valuesAhead + lineBytes))
		}
		ADDQ(I8(maskColumns/8), row.mask.Base)
	}
	ADDQ(I32(4*maskColumns), x.Base)
	SUBQ(I8(maskColumns), left)
	JG(LabelRef("block"))
	storePair(v, sums, y, half)
	DECQ(count)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
	for _, f := range later {
		f()
	}
}

// storePair adds up the sums of two rows, stores them at y and half further, and moves y on.
func storePair(v emit.Vec, sums [][2]VecVirtual, y Mem, half Register) {
	for i, to := range []Mem{y, {Base: y.Base, Index: half, Scale: 4}} {
		for slot := len(sums) - 1; slot > 0; slot-- {
			v.Add(sums[slot][i], sums[slot-1][i], sums[slot-1][i])
		}
		VMOVSS(total(v, sums[0][i]), to)
	}
	ADDQ(I8(4), y.Base)
}

// unzip writes the function that brings inputs into the order in which bfloat16 are widened.
func unzip() {
	TEXT("unzipF32AVX512", NOSPLIT, "func(dst, src *float32, n int)")
	Doc("unzipF32AVX512 sorts every 32 elements, n being a multiple of 32:", "",
		"\tfor i < n, 32 at a time, j < 16: dst[i+j] = src[i+2*j], dst[i+16+j] = src[i+2*j+1]")
	Pragma("noescape")
	dst := Mem{Base: Load(Param("dst"), GP64())}
	src := Mem{Base: Load(Param("src"), GP64())}
	n := Load(Param("n"), GP64())
	even, odd := ZMM(), ZMM()
	VMOVUPS(words("evenLanes", 16, func(lane int) uint32 { return uint32(2 * lane) }), even)
	VMOVUPS(words("oddLanes", 16, func(lane int) uint32 { return uint32(2*lane + 1) }), odd)
	Label("loop")
	CMPQ(n, I8(32))
	JLT(LabelRef("done"))
	low, other := ZMM(), ZMM()
	VMOVUPS(src, low)
	VMOVAPS(low, other)
	VPERMT2PS(src.Offset(64), even, low)
	VPERMT2PS(src.Offset(64), odd, other)
	VMOVUPS(low, dst)
	VMOVUPS(other, dst.Offset(64))
	ADDQ(I32(128), src.Base)
	ADDQ(I32(128), dst.Base)
	SUBQ(I8(32), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

var table *Mem

// expandTable has eight bytes for each byte of a mask: where the weight of a column comes from, with
// the highest bit set, or zero.
func expandTable() Mem {
	if table != nil {
		return *table
	}
	m := GLOBL("expandTable", RODATA|NOPTR)
	for b := range 256 {
		var entry uint64
		next := uint64(0)
		for j := range 8 {
			if b>>j&1 == 1 {
				entry |= (0x80 | next) << (8 * j)
				next++
			}
		}
		DATA(8*b, U64(entry))
	}
	table = &m
	return m
}

// words returns 32-bit constants, by lane.
func words(name string, lanes int, value func(lane int) uint32) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := range lanes {
		DATA(4*i, U32(value(i)))
	}
	return m
}

var semiShifts, semiBases Mem

func semi(v emit.Vec, f format, tokens int) {
	begin("semi", v, f, tokens, "indices, values",
		"\t\ty[t*ldy+i] = Σ values[i*k/2+q]*x[t*ldx+q/2*4+(place of q, see SemiRows)]"+except(v, 2*v.Lanes))
	if semiShifts.Symbol.Name == "" {
		semiShifts = words("semiShifts", 16, func(lane int) uint32 { return uint32(2 * lane) })
		semiBases = words("semiBases", 16, func(lane int) uint32 { return uint32(lane / 2 * 4) })
	}
	indices := Mem{Base: Load(Param("indices"), GP64())}
	values := Mem{Base: Load(Param("values"), GP64())}
	shifts, bases := v.Reg(), v.Reg()
	v.Load(semiShifts, shifts)
	v.Load(semiBases, bases)
	three := v.Reg()
	v.Load(emit.Bits("three", 3), three)

	columns := 2 * v.Lanes
	step := func(k *kernel, slot int, mask *lanes) {
		w := f.load(v, values.Offset(slot*v.Lanes*f.size), mask)
		at := indices.Offset(slot * columns / 8)
		place := v.Reg()
		if v.Level == "AVX512" {
			if mask != nil {
				bytes := XMM()
				VMOVDQU8_Z(at, mask.bytes, bytes)
				VPBROADCASTD(bytes, place)
			} else {
				VPBROADCASTD(at, place)
			}
			VPSRLVD(shifts, place, place)
			VPTERNLOGD(U8(0xec), three, bases, place) // place&three | bases
		} else {
			VPBROADCASTW(at, place)
			VPSRLVD(shifts, place, place)
			VPAND(three, place, place)
			VPOR(bases, place, place)
		}
		for t, x := range k.x {
			low := v.Reg()
			if v.Level == "AVX512" {
				VMOVUPS(x.Offset(4*slot*columns), low)
				VPERMT2PS(x.Offset(4*(slot*columns+v.Lanes)), place, low)
			} else {
				high := v.Reg()
				VPERMPS(x.Offset(4*slot*columns), place, low)
				VPERMPS(x.Offset(4*(slot*columns+v.Lanes)), place, high)
				VBLENDPS(U8(0xf0), high, low, low)
			}
			v.FMA(low, w, k.sums[slot%slots(k.v)][t])
		}
	}
	rows(v, tokens, func(k *kernel) {
		left := Load(Param("k"), GP64())
		loopColumns(left, slots(v), columns, func(slot int) { step(k, slot, nil) }, func(columns int) {
			ADDQ(I32(columns/8), indices.Base)
			if tokens == 1 {
				for at := 0; at < columns/2*f.size; at += lineBytes {
					PREFETCHT0(values.Offset(valuesAhead + at))
				}
			}
			ADDQ(I32(columns/2*f.size), values.Base)
			k.advance(columns)
		})
		if v.Level == "AVX512" {
			TESTQ(left, left)
			JE(LabelRef("finish"))
			count := GP64()
			MOVQ(left, count)
			SHRQ(U8(1), count)
			weights := firstLanes(count)
			LEAQ(Mem{Base: left, Disp: 7}, count)
			SHRQ(U8(3), count)
			step(k, 0, &lanes{k: weights, bytes: firstLanes(count)})
		}
		// To the next row: half a weight and half a byte of places per column, rounded up.
		size := GP64()
		MOVQ(left, size)
		if f.size == 4 {
			SHLQ(U8(1), size)
		}
		ADDQ(size, values.Base)
		ADDQ(I8(7), left)
		SHRQ(U8(3), left)
		ADDQ(left, indices.Base)
		Label("finish")
	})
}
