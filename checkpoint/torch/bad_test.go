package torch

import (
	"archive/zip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/adagp/adagp/checkpoint/internal/blob"
)

// storage0 is a storage of four float32, with bytes0 as its content.
var (
	storage0 = stored("FloatStorage", "0", 4)
	bytes0   = strings.Repeat("\x00\x00\x80\x3f", 4)
)

// state wraps opcodes that push one value into a state dict entry named x.
func state(value string) string { return dict(text("x"), value) }

func TestBadPickle(t *testing.T) {
	tensor := func(storage string, offset int, size, stride string) string {
		return state(rebuilt(storage, offset, size, stride))
	}
	for _, c := range []struct{ name, pickle, want string }{
		// Classes.
		{"forbidden class", state(call(global("os", "system"), text("true"))), `m.bin: data.pkl: pickle wants "os.system", which is not an allowed class`},
		{"forbidden class by name on the stack", "\x8c\x02os\x94\x8c\x06system\x94\x93", `m.bin: data.pkl: pickle wants "os.system", which is not an allowed class`},
		{"forbidden class by memo", "\x8c\x02os\x940h\x00\x8c\x06system\x93", `m.bin: data.pkl: pickle wants "os.system", which is not an allowed class`},
		{"class known to the machine", "\x8c\x08copy_reg\x8c\x0e_reconstructor\x93", `m.bin: data.pkl: pickle wants "copy_reg._reconstructor", which is not an allowed class`},
		{"attribute of an allowed module", "\x8c\x05torch\x8c\x1c_utils._rebuild_parameter.at\x93", `m.bin: data.pkl: pickle wants "torch._utils._rebuild_parameter.at", which is not an allowed class`},
		{"class split differently", "\x8c\x05torch\x8c\x19_utils._rebuild_parameter\x93", `m.bin: data.pkl: pickle wants "torch._utils._rebuild_parameter", which is not an allowed class`},
		{"computed class", "\x8c\x02os\x8c\x06system0\x8c\x06system\x93", "m.bin: data.pkl: pickle computes the name of a class"},
		{"class from a hidden memo", "\x8c\x01a\x8c\x02os2\x8c\x06system\x93", "m.bin: data.pkl: pickle computes the name of a class"},
		{"instance opcode", "(ios\nsystem\n", "m.bin: data.pkl: pickle opcode 0x69 at byte 3 is not allowed"},
		{"object opcode", "(" + global("torch", "FloatStorage") + "o", "m.bin: data.pkl: pickle opcode 0x6f at byte 23 is not allowed"},
		{"new object opcode", global("torch", "FloatStorage") + ")\x81", "m.bin: data.pkl: pickle opcode 0x81 at byte 23 is not allowed"},
		{"extension opcode", "\x82\x01", "m.bin: data.pkl: pickle opcode 0x82 at byte 2 is not allowed"},
		{"call of a storage class", state(call(global("torch", "FloatStorage"))), "m.bin: data.pkl: REDUCE requires a Callable object: torch.storageType{dtype:0x0}"},
		{"long class name", global("m", strings.Repeat("n", 1000)), `m.bin: data.pkl: pickle wants "m.` + strings.Repeat("n", 158) + `…", which is not an allowed class`},

		// Sizes.
		{"string beyond the file", "X\xff\xff\xff\x7f", "m.bin: data.pkl: pickle ends too early: 2147483647 bytes wanted at byte 7, 1 left"},
		{"bytes beyond the address space", "\x8e\xff\xff\xff\xff\xff\xff\xff\xff", "m.bin: data.pkl: pickle argument of 18446744073709551615 bytes at byte 11"},
		{"bytes beyond memory", "\x8e\xff\xff\xff\xff\xff\xff\xff\x0f", "m.bin: data.pkl: pickle ends too early: 1152921504606846975 bytes wanted at byte 11, 1 left"},
		{"frame beyond the file", "\x95\x00\x00\x00\x00\x00\x00\x00\x10", "m.bin: data.pkl: pickle ends too early: frame of 1152921504606846976 bytes at byte 11, 1 left"},
		{"integer of no bytes", "\x8a\x00", "m.bin: data.pkl: pickle integer of 0 bytes at byte 4, want 1 to 64"},
		{"huge integer", "\x8b\x41\x00\x00\x00" + strings.Repeat("a", 65), "m.bin: data.pkl: pickle integer of 65 bytes at byte 7, want 1 to 64"},
		{"long line", "I" + strings.Repeat("1", 5000), "m.bin: data.pkl: pickle line of more than 4096 bytes at byte 3"},
		{"too many opcodes", strings.Repeat("N0", maxOpcodes/2), "m.bin: data.pkl: pickle of more than 2097152 opcodes"},
		{"nothing", "", "m.bin: data.pkl: the stack is empty"},
		{"protocol", "\x80\x06N", "m.bin: data.pkl: pickle protocol 6, want at most 5"},
		{"memo index", "Ng-1\n", `m.bin: data.pkl: pickle memo index "-1"`},

		// Content.
		{"unhashable key", orderedDict("C\x01a", "N"), "m.bin: data.pkl: malformed pickle: hash of unhashable type: []uint8"},
		{"odd dict", "}(" + text("x") + "u", "m.bin: data.pkl: malformed pickle: runtime error: index out of range [1] with length 1"},
		{"not a dict", list(text("x")), "m.bin: file holds a list, want a dict of tensors"},
		{"a tensor alone", rebuilt(storage0, 0, numbers(4), numbers(1)), "m.bin: file holds a tensor, want a dict of tensors"},
		{"list that holds itself", "]\x94h\x00a", "m.bin: file holds a list, want a dict of tensors"},
		{"dict that holds itself", "}\x94" + text("x") + "h\x00s", `m.bin: state dict entry "x" is a dict, want a tensor`},
		{"number for a name", dict(number(1), "N"), "m.bin: state dict has a key that is an integer, want a string"},
		{"number for a tensor", state(number(1)), `m.bin: state dict entry "x" is an integer, want a tensor`},
		{"storage for a tensor", state(storage0), `m.bin: state dict entry "x" is a storage, want a tensor`},
		{"name twice", dict(text("x"), rebuilt(storage0, 0, numbers(4), numbers(1)), text("x"), rebuilt(storage0, 0, numbers(4), numbers(1))), `m.bin: tensor "x": name appears twice in the state dict`},
		{"name not UTF-8", dict(text("\xff"), rebuilt(storage0, 0, numbers(4), numbers(1))), `m.bin: tensor "\xff": name is not UTF-8`},

		// Tensors.
		{"tensor larger than its storage", tensor(storage0, 0, numbers(5), numbers(1)), `m.bin: tensor "x": size [5] has more elements than the 4 of its storage`},
		{"expanded tensor", tensor(storage0, 0, numbers(1<<30), numbers(0)), `m.bin: tensor "x": size [1073741824] has more elements than the 4 of its storage`},
		{"offset out of range", tensor(storage0, 1, numbers(4), numbers(1)), `m.bin: tensor "x": size [4] with stride [1] from offset 1 leaves the 4 elements of its storage`},
		{"stride out of range", tensor(storage0, 0, numbers(2, 2), numbers(3, 1)), `m.bin: tensor "x": size [2 2] with stride [3 1] leaves the 4 elements of its storage`},
		{"stride overflow", tensor(storage0, 0, numbers(3), tuple("\x8a\x08"+strings.Repeat("\xff", 7)+"\x7f")), `m.bin: tensor "x": size [3] with stride [9223372036854775807] leaves the 4 elements of its storage`},
		{"size overflow", tensor(storage0, 0, numbers(1<<30, 1<<30, 1<<30), numbers(0, 0, 0)), `m.bin: tensor "x": size [1073741824 1073741824 1073741824] is too large`},
		{"huge dimension", tensor(storage0, 0, tuple("\x8a\x09"+strings.Repeat("\x01", 9)), numbers(1)), `m.bin: data.pkl: rebuild tensor: size: 18519084246547628289 is out of range`},
		{"negative dimension", tensor(storage0, 0, numbers(-4), numbers(1)), `m.bin: data.pkl: rebuild tensor: size: -4 is negative`},
		{"negative stride", tensor(storage0, 3, numbers(4), numbers(-1)), `m.bin: data.pkl: rebuild tensor: stride: -1 is negative`},
		{"negative offset", tensor(storage0, -1, numbers(4), numbers(1)), `m.bin: data.pkl: rebuild tensor: storage offset: -1 is negative`},
		{"rank mismatch", tensor(storage0, 0, numbers(4), numbers(1, 1)), `m.bin: tensor "x": size [4] with stride [1 1]`},
		{"rank", tensor(storage0, 0, tuple(strings.Repeat("K\x01", 65)), numbers(1)), `m.bin: data.pkl: rebuild tensor: size: 65 dimensions, want at most 64`},
		{"size is a list", tensor(storage0, 0, list(number(4)), numbers(1)), `m.bin: data.pkl: rebuild tensor: size: got a list, want a tuple`},
		{"size is text", tensor(storage0, 0, tuple(text("4")), numbers(1)), `m.bin: data.pkl: rebuild tensor: size: got a string, want an integer`},
		{"tensor of no storage", tensor("N", 0, numbers(4), numbers(1)), `m.bin: data.pkl: rebuild tensor: first argument is None, want a storage`},
		{"tensor of too few arguments", state(call(global("torch._utils", "_rebuild_tensor_v2"), storage0)), `m.bin: data.pkl: rebuild tensor: got 1 arguments, want 6`},
		{"parameter of no tensor", state(call(global("torch._utils", "_rebuild_parameter"), "N", "\x88", "N")), `m.bin: data.pkl: rebuild parameter: first argument is None, want a tensor`},

		// Storages.
		{"complex numbers", tensor(stored("ComplexFloatStorage", "0", 2), 0, numbers(2), numbers(1)), `m.bin: data.pkl: pickle wants "torch.ComplexFloatStorage", which is not an allowed class`},
		{"storage missing", tensor(stored("FloatStorage", "1", 4), 0, numbers(4), numbers(1)), `m.bin: archive entry "archive/data/1": not found`},
		{"storage outside", tensor(stored("FloatStorage", "../data.pkl", 4), 0, numbers(4), numbers(1)), `m.bin: archive entry "archive/data/../data.pkl": not found`},
		{"storage too small", tensor(stored("FloatStorage", "0", 5), 0, numbers(5), numbers(1)), `m.bin: archive entry "archive/data/0": has 16 bytes, want 20 for 5 elements of F32`},
		{"storage of two types", dict(text("x"), rebuilt(storage0, 0, numbers(4), numbers(1)), text("y"), rebuilt(stored("HalfStorage", "0", 8), 0, numbers(4), numbers(1))), `m.bin: data.pkl: storage "0" is both 4 of F32 and 8 of F16`},
		{"storage size overflow", tensor(stored("FloatStorage", "0", 0)[:0]+tuple(text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), "\x8a\x08"+strings.Repeat("\xff", 7)+"\x7f")+"Q", 0, numbers(4), numbers(1)), `m.bin: data.pkl: size of storage "0": 9223372036854775807 elements`},
		{"storage size text", state(tuple(text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), text("4")) + "Q"), `m.bin: data.pkl: size of storage "0": got a string, want an integer`},
		{"storage class is no class", state(tuple(text("storage"), "N", text("0"), text("cpu"), number(4)) + "Q"), `m.bin: data.pkl: storage class is None`},
		{"storage key is a number", state(tuple(text("storage"), global("torch", "FloatStorage"), number(0), text("cpu"), number(4)) + "Q"), `m.bin: data.pkl: storage key is an integer, want a string`},
		{"persistent id of another kind", state(tuple(text("module"), "N") + "Q"), `m.bin: data.pkl: persistent id is not of kind "storage"`},
		{"persistent id too short", state(tuple(text("storage"), global("torch", "FloatStorage")) + "Q"), `m.bin: data.pkl: persistent id of 2 fields, want 5`},
		{"persistent id is text", state(text("0") + "Q"), `m.bin: data.pkl: persistent id is a string, want a tuple`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(checkpointed(t, c.pickle, bytes0))
			if err == nil || err.Error() != c.want {
				t.Fatalf("got error %v\nwant      %s", err, c.want)
			}
			var format *blob.FormatError
			if !errors.As(err, &format) {
				t.Errorf("error is a %T, want a FormatError in it", err)
			}
			var class *ClassError
			if want := strings.Contains(c.want, "allowed class"); errors.As(err, &class) != want {
				t.Errorf("ClassError: got %v, want %v", !want, want)
			}
		})
	}
}

func TestBadArchive(t *testing.T) {
	good := state(rebuilt(storage0, 0, numbers(4), numbers(1)))
	pkl := zipEntry{name: "a/data.pkl", content: pickled(good)}
	data := zipEntry{name: "a/data/0", content: bytes0}
	whole := archived(t, pkl, data)
	zeros := zipEntry{name: "a/data/0", content: strings.Repeat("\x00", 16), method: zip.Deflate}
	for _, c := range []struct{ name, content, want string }{
		{"empty", "", `m.bin: file of 0 bytes starting with "" is not a PyTorch checkpoint`},
		{"text", "hello world", `m.bin: file of 11 bytes starting with "hello wo" is not a PyTorch checkpoint`},
		{"pointer", "version https://git-lfs.github.com/spec/v1\n", `m.bin: file is a Git LFS pointer, not the weights themselves`},
		{"truncated", whole[:len(whole)-30], `m.bin: zip: not a valid zip file`},
		{"no pickle", archived(t, data), `m.bin: archive has no data.pkl entry`},
		{"two pickles", archived(t, pkl, data, zipEntry{name: "b/data.pkl"}), `m.bin: archive has two data.pkl entries`},
		{"entry twice", archived(t, pkl, data, data), `m.bin: archive entry "a/data/0" appears twice`},
		{"program", archived(t, pkl, data, zipEntry{name: "a/constants.pkl"}), `m.bin: archive is a TorchScript program, want a state dict`},
		{"big endian", archived(t, pkl, data, zipEntry{name: "a/byteorder", content: "big"}), `m.bin: byte order is "big", want little`},
		{"empty pickle", archived(t, zipEntry{name: "a/data.pkl"}), `m.bin: data.pkl: pickle ends too early: 1 bytes wanted at byte 0, 0 left`},
		{"compressed storage", archived(t, pkl, zeros), `m.bin: archive entry "a/data/0" is compressed (method 8), want it stored as torch.save does`},
		{"compressed pickle", archived(t, zipEntry{name: "a/data.pkl", content: pickled(good), method: zip.Deflate}, data), `m.bin: archive entry "a/data.pkl" is compressed (method 8), want it stored as torch.save does`},
		{"compressed byte order", archived(t, pkl, data, zipEntry{name: "a/byteorder", content: "little", method: zip.Deflate}), `m.bin: archive entry "a/byteorder" is compressed (method 8), want it stored as torch.save does`},
		{"encrypted", strings.ReplaceAll(archived(t, pkl, zeros), "\x08\x00\x08\x00", "\x09\x00\x08\x00"), `m.bin: archive entry "a/data/0" is encrypted`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(c.content)
			if err == nil || err.Error() != c.want {
				t.Fatalf("got error %v\nwant      %s", err, c.want)
			}
		})
	}
}

func TestBadLegacy(t *testing.T) {
	storage0 := stored("FloatStorage", "0", 4, "N")
	good := state(rebuilt(storage0, 0, numbers(4), numbers(1)))
	keys := list(text("0"))
	data := le64(4) + bytes0
	view := func(v string) string {
		return legacied(state(rebuilt(stored("FloatStorage", "0", 4, v), 0, numbers(2), numbers(1))), keys, data)
	}
	system := func(v string) string { return magicPickle + protoPickle + pickled(v) }
	for _, c := range []struct{ name, content, want string }{
		{"plain pickle", pickled(dict()), "m.bin: magic number is not that of torch.save"},
		{"other protocol", magicPickle + "\x80\x02M\xea\x03.", "m.bin: protocol version is not 1001"},
		{"properties", system("N"), "m.bin: system properties: got None, want a dict"},
		{"big endian", system(dict(text("little_endian"), "\x89")), "m.bin: byte order is big endian, want little endian"},
		{"forbidden class", legacied(global("os", "system"), keys, data), `m.bin: state dict: pickle wants "os.system", which is not an allowed class`},
		{"persistent id in the keys", legacied(good, text("x")+"Q", data), "m.bin: storage keys: unsupported persistent ID encountered"},
		{"keys are no list", legacied(good, text("0"), data), "m.bin: storage keys: got a string, want a list"},
		{"unknown key", legacied(good, list(text("1")), data), "m.bin: storage keys do not match the storages in use"},
		{"key twice", legacied(good, list(text("0"), text("0")), data, data), "m.bin: storage keys do not match the storages in use"},
		{"no key", legacied(good, list(), data), `m.bin: storage "0" has no data in the file`},
		{"no count", legacied(good, keys, data[:7]), `m.bin: storage "0": unexpected EOF`},
		{"wrong count", legacied(good, keys, le64(3)+bytes0), `m.bin: storage "0" has 3 elements, want 4`},
		{"truncated", legacied(good, keys, data[:23]), `m.bin: storage "0" of 16 bytes, with 15 left in the file`},
		{"truncated pickle", legacied(good, keys)[:60], "m.bin: system properties: pickle ends too early: 13 bytes wanted at byte 35, 4 left"},
		{"view out of range", view(tuple(text("v"), number(3), number(2))), `m.bin: state dict: view [3, 3+2) of storage "0" with 4 elements`},
		{"view of text", view(tuple(text("v"), text("a"), number(2))), `m.bin: state dict: view of storage "0": offset: got a string, want an integer`},
		{"view is a number", view(number(1)), `m.bin: state dict: view of storage "0" is an integer, want a tuple of 3`},
		{"short id", legacied(state(rebuilt(stored("FloatStorage", "0", 4), 0, numbers(2), numbers(1))), keys, data), "m.bin: state dict: persistent id of 5 fields, want 6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(c.content)
			if err == nil || err.Error() != c.want {
				t.Fatalf("got error %v\nwant      %s", err, c.want)
			}
		})
	}
}

// TestEveryTruncation cuts a good file of each kind at every length: never a panic, and never a
// silent success while weights are missing.
func TestEveryTruncation(t *testing.T) {
	storage := stored("FloatStorage", "0", 4)
	for name, content := range map[string]string{
		"zip":    checkpointed(t, state(rebuilt(storage, 0, numbers(4), numbers(1))), bytes0),
		"legacy": legacied(state(rebuilt(stored("FloatStorage", "0", 4, "N"), 0, numbers(4), numbers(1))), list(text("0")), le64(4)+bytes0),
	} {
		for n := range len(content) {
			if _, err := open(content[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes were accepted", name, n, len(content))
			}
		}
		f, err := open(content)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s, err := f.Section("x"); err != nil {
			t.Error(err)
		} else if b, _ := io.ReadAll(s); string(b) != bytes0 {
			t.Errorf("%s: got bytes %q, want %q", name, b, bytes0)
		}
	}
}

// TestNegativeSize: a size is checked before anything is made of it.
func TestNegativeSize(t *testing.T) {
	_, err := New("model.bin", strings.NewReader("PK\x03\x04"), -1)
	var format *blob.FormatError
	if !errors.As(err, &format) || !strings.Contains(err.Error(), "model.bin: size of -1 bytes") {
		t.Errorf("error %v, want a FormatError about the size", err)
	}
}
