package torch

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/adagp/adagp/checkpoint/internal/blob"
)

// Limits of one pickle. A state dict needs about 50 opcodes and 200 bytes for a tensor.
const (
	maxPickle  = 64 << 20 // bytes
	maxOpcodes = 2 << 20  // each may allocate a few hundred bytes in the machine
	maxText    = 1 << 12  // bytes of a string; a few bytes of pickle can make the machine hash one again
	maxLine    = maxText  // bytes of an argument that ends with a newline
	maxLong    = 64       // bytes of an arbitrary-precision integer

	// maxStates bounds what BUILD copies: it sets the entries of a dict, of which there are at most as many
	// as there were opcodes before, on an object. torch.save builds one object, out of a dict of one entry.
	maxStates = 4 * maxOpcodes
)

// argument is the form of what follows an opcode in the stream.
type argument uint8

const (
	none   argument = iota // nothing
	fixed1                 // that many bytes
	fixed2
	fixed4
	fixed8
	line   // text up to a newline
	lines2 // two of them
	count1 // a length of that many bytes, then as many bytes
	count4
	count8
)

// opcodes are those the machine may be given. Left out, besides anything unknown: INST and OBJ,
// NEWOBJ and NEWOBJ_EX (they create objects; a state dict only calls functions), the extension
// registry, persistent ids in text, and out-of-band and mutable buffers.
var opcodes = map[byte]argument{
	'(': none, '.': none, '0': none, '1': none, '2': none, 'N': none, 'R': none, 'Q': none,
	'a': none, 'b': none, 'd': none, '}': none, 'e': none, 'l': none, ']': none, 's': none,
	't': none, ')': none, 'u': none,
	'I': line, 'L': line, 'F': line, 'S': line, 'V': line, 'g': line, 'p': line,
	'K': fixed1, 'M': fixed2, 'J': fixed4, 'G': fixed8,
	'h': fixed1, 'j': fixed4, 'q': fixed1, 'r': fixed4,
	'T': count4, 'U': count1, 'X': count4, 'B': count4, 'C': count1,
	'c':     lines2,
	0x80:    fixed1, // PROTO
	0x85:    none,   // TUPLE1, 2, 3
	0x86:    none,
	0x87:    none,
	0x88:    none, // NEWTRUE, NEWFALSE
	0x89:    none,
	opLong1: count1, opLong4: count4,
	opShortUnicode: count1, 0x8d: count8, 0x8e: count8, // BINUNICODE8, BINBYTES8
	0x8f: none, 0x90: none, 0x91: none, // EMPTY_SET, ADDITEMS, FROZENSET
	opStackGlobal: none, opMemoize: none,
	0x95: fixed8, // FRAME
}

const (
	opLong1        = 0x8a
	opLong4        = 0x8b
	opShortUnicode = 0x8c
	opStackGlobal  = 0x93
	opMemoize      = 0x94
)

// scanner walks over the opcodes of a pickle without executing them. It establishes what the
// machine relies on without checking: arguments lie inside the file (the machine allocates the
// length it is told), the stream is not too long, no opcode can take much longer than its bytes make
// one think, and every class is on the list, including those that the machine would resolve by itself
// without asking.
type scanner struct {
	r         *bufio.Reader
	remaining int64 // bytes left in the source
	out       []byte
	ops       int
	states    int // entries that BUILD may set, at most

	// STACK_GLOBAL takes module and name from the stack, so the scanner keeps what it knows of it:
	// pushed are the strings on top, none when the last operation was of another kind; memo is the
	// machine's memo. In both "" stands for anything but a string.
	pushed []string
	memo   map[int]string
}

// scan reads one pickle, up to and including its STOP, from a source of the given number of bytes.
func scan(r *bufio.Reader, remaining int64) ([]byte, error) {
	s := &scanner{r: r, remaining: remaining, memo: make(map[int]string)}
	for {
		op, err := s.byte()
		if err != nil {
			return nil, err
		}
		if s.ops++; s.ops > maxOpcodes {
			return nil, fmt.Errorf("pickle of more than %d opcodes", maxOpcodes)
		}
		form, ok := opcodes[op]
		if !ok {
			return nil, fmt.Errorf("pickle opcode 0x%02x at byte %d is not allowed", op, len(s.out)-1)
		}
		arg, err := s.argument(op, form)
		if err != nil {
			return nil, err
		}
		if err := s.follow(op, arg); err != nil {
			return nil, err
		}
		if op == '.' {
			return s.out, nil
		}
	}
}

// argument reads what follows op.
func (s *scanner) argument(op byte, form argument) ([]byte, error) {
	switch form {
	case fixed1, fixed2, fixed4, fixed8:
		return s.bytes(1 << (form - fixed1))
	case count1, count4, count8:
		width := int64(1)
		if form != count1 {
			width = 4 << (form - count4)
		}
		b, err := s.bytes(width)
		if err != nil {
			return nil, err
		}
		var wide [8]byte
		copy(wide[:], b)
		n := binary.LittleEndian.Uint64(wide[:])
		if n > math.MaxInt64 {
			return nil, fmt.Errorf("pickle argument of %d bytes at byte %d", n, len(s.out))
		}
		if (op == opLong1 || op == opLong4) && (n == 0 || n > maxLong) {
			return nil, fmt.Errorf("pickle integer of %d bytes at byte %d, want 1 to %d", n, len(s.out), maxLong)
		}
		return s.bytes(int64(n))
	case line:
		return s.line()
	case lines2:
		module, err := s.line()
		if err != nil {
			return nil, err
		}
		name, err := s.line()
		if err != nil {
			return nil, err
		}
		return []byte(string(module) + "\n" + string(name)), nil
	}
	return nil, nil
}

// follow keeps the strings on the stack and checks classes.
func (s *scanner) follow(op byte, arg []byte) error {
	switch op {
	case opShortUnicode, 'X', 0x8d, 'U', 'T', 'V':
		if len(arg) > maxText {
			return fmt.Errorf("pickle string of %d bytes at byte %d, want at most %d", len(arg), len(s.out), maxText)
		}
		s.pushed = append(s.pushed, string(arg))
	case 'h', 'j', 'g':
		i, err := memoIndex(op, arg)
		if err != nil {
			return err
		}
		s.pushed = append(s.pushed, s.memo[i])
	case 'q', 'r', 'p':
		i, err := memoIndex(op, arg)
		if err != nil {
			return err
		}
		s.memo[i] = s.top()
	case opMemoize:
		s.memo[len(s.memo)] = s.top()
	case 'b':
		if s.states += s.ops; s.states > maxStates {
			return fmt.Errorf("pickle sets the state of objects again and again, at byte %d", len(s.out))
		}
		s.pushed = s.pushed[:0]
	case 'c':
		module, name, _ := strings.Cut(string(arg), "\n")
		if _, err := findClass(module, name); err != nil {
			return err
		}
		s.pushed = s.pushed[:0]
	case opStackGlobal:
		n := len(s.pushed)
		if n < 2 || s.pushed[n-1] == "" || s.pushed[n-2] == "" {
			return errors.New("pickle computes the name of a class")
		}
		if _, err := findClass(s.pushed[n-2], s.pushed[n-1]); err != nil {
			return err
		}
		s.pushed = s.pushed[:0]
	case 0x80:
		if arg[0] > 5 {
			return fmt.Errorf("pickle protocol %d, want at most 5", arg[0])
		}
	case 0x95: // FRAME does not touch the stack
		if n := binary.LittleEndian.Uint64(arg); n > uint64(min(s.remaining, maxPickle)) {
			return fmt.Errorf("pickle ends too early: frame of %d bytes at byte %d, %d left", n, len(s.out), s.remaining)
		}
	default:
		s.pushed = s.pushed[:0]
	}
	if len(s.pushed) > 64 { // only the last two matter
		s.pushed = append(s.pushed[:0], s.pushed[len(s.pushed)-2:]...)
	}
	return nil
}

// top is the string on top of the stack, "" when it is something else or not known.
func (s *scanner) top() string {
	if len(s.pushed) == 0 {
		return ""
	}
	return s.pushed[len(s.pushed)-1]
}

func memoIndex(op byte, arg []byte) (int, error) {
	switch op {
	case 'h', 'q':
		return int(arg[0]), nil
	case 'j', 'r':
		return int(binary.LittleEndian.Uint32(arg)), nil
	}
	i, err := strconv.Atoi(string(arg))
	if err != nil || i < 0 {
		return 0, fmt.Errorf("pickle memo index %s", blob.Quote(string(arg)))
	}
	return i, nil
}

func (s *scanner) byte() (byte, error) {
	b, err := s.bytes(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// bytes reads n bytes. The caller must not change them.
func (s *scanner) bytes(n int64) ([]byte, error) {
	start := len(s.out)
	if n > s.remaining {
		return nil, fmt.Errorf("pickle ends too early: %d bytes wanted at byte %d, %d left", n, start, s.remaining)
	}
	if n > maxPickle-int64(start) {
		return nil, fmt.Errorf("pickle of more than %d bytes", maxPickle)
	}
	s.out = slices.Grow(s.out, int(n))[:start+int(n)]
	if _, err := io.ReadFull(s.r, s.out[start:]); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	s.remaining -= n
	return s.out[start:], nil
}

// line reads up to a newline, which it drops.
func (s *scanner) line() ([]byte, error) {
	start := len(s.out)
	for len(s.out)-start <= maxLine {
		b, err := s.byte()
		if err != nil {
			return nil, err
		}
		if b == '\n' {
			text := s.out[start:]
			return text[:len(text)-1], nil
		}
	}
	return nil, fmt.Errorf("pickle line of more than %d bytes at byte %d", maxLine, start)
}
