package torch

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestHostilePickles reads pickles of 4 MB that make the machine do much work with few bytes: a dict
// that becomes the state of an object again and again, and a long string that is hashed again and again.
// They must be refused at once.
func TestHostilePickles(t *testing.T) {
	const size = 4 << 20
	long := "X" + le32(size/2) + strings.Repeat("k", size/2) + "q\x00"
	many := func(op string) string { return strings.Repeat(op, size/2/len(op)) }
	ordered := global("collections", "OrderedDict") + ")R"
	attributes := "}q\x00(" + strings.Repeat(text("k")+"N", size/16) + "u0" // a dict of a quarter of a million items
	id := tuple(text("storage"), global("torch", "FloatStorage"), "h\x00", text("cpu"), number(4)) + "q\x01"
	for name, pickle := range map[string]string{
		"state of an object":        attributes + ordered + many("h\x00b"),
		"states of many objects":    attributes + ordered + "q\x02" + many("h\x02h\x00b0"),
		"slots of an object":        attributes + "Nh\x00\x86q\x01" + ordered + many("h\x01b"),
		"long key of a dict":        long + ordered + many("h\x00Ns"),
		"long key of items":         long + ordered + "(" + many("h\x00N") + "u",
		"long element of a set":     long + "\x8f(" + many("h\x00") + "\x90",
		"long element of a frozen":  long + "(" + many("h\x00") + "\x91",
		"long key of a storage":     long + id + many("h\x01Q0"),
		"long text of eight bytes":  "\x8d" + le64(size/2) + strings.Repeat("k", size/2) + "q\x00" + ordered + many("h\x00Ns"),
		"long text of the old kind": "T" + le32(size/2) + strings.Repeat("k", size/2) + "q\x00" + ordered + many("h\x00Ns"),
	} {
		t.Run(name, func(t *testing.T) {
			content := checkpointed(t, pickle)
			done := make(chan error, 1)
			go func() {
				_, err := open(content)
				done <- err
			}()
			select {
			case err := <-done:
				if err == nil || !strings.Contains(err.Error(), "data.pkl: pickle ") {
					t.Errorf("got %v, want that the pickle is refused before it runs", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("still at work")
			}
		})
	}
}

// TestManyTensors reads what an honest file of a very large model looks like: 20,000 tensors, and a
// description of every module as the state of the dict.
func TestManyTensors(t *testing.T) {
	const n = 20_000
	var items, modules strings.Builder
	for i := range n {
		name := text(strings.Repeat("model.", 4) + string(rune('a'+i%26)) + "." + strings.Repeat("x", i%7) + "." + strconv.Itoa(i))
		items.WriteString(name + rebuilt(storage0, 0, numbers(4), numbers(1)))
		modules.WriteString(name + dict(text("version"), number(1)))
	}
	content := global("collections", "OrderedDict") + ")R(" + items.String() + "u" +
		dict(text("_metadata"), global("collections", "OrderedDict")+")R("+modules.String()+"u") + "b"
	f, err := open(checkpointed(t, content, bytes0))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Tensors()) != n {
		t.Errorf("%d tensors, want %d", len(f.Tensors()), n)
	}
}
