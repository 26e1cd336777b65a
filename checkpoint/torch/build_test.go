package torch

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// The helpers here write pickles by hand: each returns opcodes that push one value.

func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }
func le64(n int) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(n))) }

func text(s string) string              { return "X" + le32(len(s)) + s }
func number(n int) string               { return "J" + le32(n) }
func tuple(items ...string) string      { return "(" + strings.Join(items, "") + "t" }
func list(items ...string) string       { return "](" + strings.Join(items, "") + "e" }
func dict(items ...string) string       { return "}(" + strings.Join(items, "") + "u" }
func global(module, name string) string { return "c" + module + "\n" + name + "\n" }
func call(f string, a ...string) string { return f + tuple(a...) + "R" }
func pickled(value string) string       { return "\x80\x02" + value + "." }
func orderedDict(items ...string) string {
	return call(global("collections", "OrderedDict")) + "(" + strings.Join(items, "") + "u"
}

func numbers(list ...int) string {
	var b strings.Builder
	for _, n := range list {
		b.WriteString(number(n))
	}
	return tuple(b.String())
}

// stored is a storage by its persistent id; more are the fields legacy files add.
func stored(class, key string, count int, more ...string) string {
	fields := []string{text("storage"), global("torch", class), text(key), text("cpu"), number(count)}
	return tuple(append(fields, more...)...) + "Q"
}

// rebuilt is a tensor; size and stride are tuples.
func rebuilt(storage string, offset int, size, stride string) string {
	return call(global("torch._utils", "_rebuild_tensor_v2"),
		storage, number(offset), size, stride, "\x89", call(global("collections", "OrderedDict")))
}

// zipEntry is a file of an archive.
type zipEntry struct {
	name, content string
	method        uint16
}

func archived(t testing.TB, entries ...zipEntry) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e.name, Method: e.method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// checkpointed is a zip checkpoint whose storages "0", "1", … hold the given bytes.
func checkpointed(t testing.TB, state string, storages ...string) string {
	t.Helper()
	entries := []zipEntry{{name: "archive/data.pkl", content: pickled(state)}}
	for i, s := range storages {
		entries = append(entries, zipEntry{name: "archive/data/" + string(rune('0'+i)), content: s})
	}
	return archived(t, entries...)
}

const (
	magicPickle = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
	protoPickle = "\x80\x02M\xe9\x03."
)

// legacied is a legacy checkpoint; storages come as element count and bytes.
func legacied(state, keys string, storages ...string) string {
	system := dict(text("protocol_version"), number(1001), text("little_endian"), "\x88")
	return magicPickle + protoPickle + pickled(system) + pickled(state) + pickled(keys) + strings.Join(storages, "")
}

// open reads a checkpoint held in memory.
func open(content string) (*File, error) {
	return New("m.bin", strings.NewReader(content), int64(len(content)))
}
