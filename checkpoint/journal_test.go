package checkpoint

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestJournal: records come back, and whatever a death in the middle of a write leaves behind is cut off.
func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, err := openJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]byte{[]byte(`{"a":1}`), []byte(""), []byte("third")}
	for _, r := range want {
		if err := j.append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.append([]byte("a\nb")); err == nil {
		t.Error("a record with a line end was taken")
	}
	if err := j.f.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(text) + 1 {
		if err := os.WriteFile(path, text[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		if j, err = openJournal(path); err != nil {
			t.Fatal(err)
		}
		whole := bytes.Count(text[:n], []byte("\n"))
		if !slices.EqualFunc(j.records, want[:whole], bytes.Equal) {
			t.Fatalf("of %d bytes: records %q, want %q", n, j.records, want[:whole])
		}
		if err := j.append([]byte("next")); err != nil {
			t.Fatal(err)
		}
		if err := j.f.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if records, size := parseJournal(again); len(records) != whole+1 || size != int64(len(again)) {
			t.Fatalf("after %d bytes and one more record: %d records in %d of %d bytes", n, len(records), size, len(again))
		}
	}
}

// TestJournalRefused: what cannot be read is not cut off, as if the layers it tells of had never been done.
func TestJournalRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	text := []byte(nil)
	for _, s := range []string{"one", "two", "three"} {
		text = fmt.Appendf(text, "%08x %s\n", crc32.Checksum([]byte(s), castagnoli), s)
	}
	for _, c := range []struct {
		name, want string
		spoil      func() error
	}{
		{"damaged", "record 1 of the journal, at byte 13, is damaged", func() error {
			b := bytes.Clone(text)
			b[15] ^= 1
			return os.WriteFile(path, b, 0o666)
		}},
		{"too long", "longer than the", func() error { return os.Truncate(path, maxJournal+1) }},
	} {
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := c.spoil(); err != nil {
			t.Fatal(err)
		}
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := openJournal(path); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %q and the path", c.name, err, c.want)
		}
		if after, err := os.Stat(path); err != nil || after.Size() != before.Size() {
			t.Errorf("%s: the journal was changed: %v", c.name, err)
		}
	}
}

// FuzzJournal: whatever stands in the file, what is read of it is a whole number of sound lines, and
// reading that again gives the same.
func FuzzJournal(f *testing.F) {
	line := func(s string) string {
		return fmt.Sprintf("%08x %s\n", crc32.Checksum([]byte(s), castagnoli), s)
	}
	f.Add([]byte(line("a") + line("b")))
	f.Add([]byte(line("a") + "00000000 b\n" + line("c")))
	f.Add([]byte("00000000 \n"))
	f.Add([]byte(" \n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		records, n := parseJournal(text)
		var again []byte
		for _, r := range records {
			again = append(again, line(string(r))...)
		}
		if int64(len(again)) != n || !bytes.EqualFold(again, text[:n]) {
			t.Errorf("%q was read of %q", again, text[:n])
		}
	})
}
