package data_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/adagp/adagp/data"
)

// write makes files in a new folder and returns their paths in the order of names.
func write(t testing.TB, files map[string]string, names ...string) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for _, name := range names {
		path := filepath.Join(dir, name)
		paths = append(paths, path)
		content, ok := files[name]
		if !ok {
			continue // a missing file
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

func zip(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadCorpus(t *testing.T) {
	files := map[string]string{
		"a.txt":      "one\ntwo\n",
		"b.txt":      "three é",
		"c.jsonl":    "{\"text\":\"four\",\"url\":1}\n\n{\"text\":\"\"}\n{\"text\":\"five\\n\"}",
		"d.jsonl.gz": zip(t, "{\"text\":\"six\"}\n"),
		"D.JSON.GZ":  zip(t, "{\"text\":\"seven\"}\n"),
		"e.jsonl":    "{\"input_ids\":[1,2,3]}\n{\"input_ids\":[4,5]}\n",
		"f.jsonl.gz": zip(t, "{\"input_ids\":[6,7]}"),
		// Some editors begin a file with a byte-order mark; inside a text it is a character.
		"g.txt":      "\ufeffeight\ufeff",
		"h.jsonl":    "\ufeff{\"text\":\"nine null\"}\r\n",
		"i.jsonl.gz": zip(t, "\ufeff{\"input_ids\":[8,9],\"other\":null}"),
	}
	for _, c := range []struct {
		names   string
		text    string
		windows [][]int
	}{
		{names: "a.txt", text: "one\ntwo\n"},
		{names: "a.txt b.txt", text: "one\ntwo\n\n\nthree é"},
		{names: "b.txt a.txt", text: "three é\n\none\ntwo\n"},
		{names: "c.jsonl", text: "four  five\n"},
		{names: "d.jsonl.gz D.JSON.GZ a.txt", text: "six\n\nseven\n\none\ntwo\n"},
		{names: "e.jsonl", windows: [][]int{{1, 2, 3}, {4, 5}}},
		{names: "f.jsonl.gz e.jsonl", windows: [][]int{{6, 7}, {1, 2, 3}, {4, 5}}},
		{names: "g.txt h.jsonl", text: "eight\ufeff\n\nnine null"},
		{names: "i.jsonl.gz", windows: [][]int{{8, 9}}},
	} {
		paths := write(t, files, strings.Fields(c.names)...)
		got, err := data.ReadCorpus(paths)
		if err != nil {
			t.Errorf("%s: %v", c.names, err)
			continue
		}
		want := &data.Corpus{Files: paths, Text: c.text, Windows: c.windows}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", c.names, got, want)
		}
	}
}

func TestReadCorpusRefuses(t *testing.T) {
	files := map[string]string{
		"empty.txt":      "",
		"latin1.txt":     "first\nsecond caf\xe9\n",
		"good.txt":       "text",
		"ids.jsonl":      `{"input_ids":[1,2]}`,
		"text.jsonl":     `{"text":"a"}`,
		"empty.jsonl":    "\n\n",
		"blank.jsonl":    `{"text":""}`,
		"broken.jsonl":   "{\"text\":\"a\"}\n{\"text\":\n",
		"latin1.jsonl":   "{\"text\":\"a\"}\n\n{\"text\":\"\xe9\"}\n",
		"mixed.jsonl":    "{\"text\":\"a\"}\n{\"input_ids\":[1,2]}\n",
		"mixed2.jsonl":   "{\"input_ids\":[1,2]}\n{\"text\":\"\"}\n",
		"both.jsonl":     `{"text":"a","input_ids":[1,2]}`,
		"neither.jsonl":  `{"content":"a"}`,
		"list.jsonl":     `["a"]`,
		"number.jsonl":   `{"text":5}`,
		"negative.jsonl": `{"input_ids":[1,-2]}`,
		"large.jsonl":    `{"input_ids":[1,4294967296]}`,
		"float.jsonl":    `{"input_ids":[1,2.5]}`,
		"one.jsonl":      `{"input_ids":[1]}`,
		"none.jsonl":     `{"input_ids":[]}`,
		"plain.jsonl.gz": `{"text":"not zipped"}`,
		"short.jsonl.gz": zip(t, strings.Repeat(`{"text":"cut short"}`+"\n", 100))[:60],
		"null.jsonl":     "{\"input_ids\":[1,2]}\n{\"input_ids\":[1,0,null,null]}\n",
		"words.jsonl":    `{"input_ids":[1,"2"]}`,
		"mark.txt":       "\ufeff",
		"mark.jsonl":     "\ufeff\n",
		"utf16.txt":      "\xff\xfea\x00",
		"table.csv":      "a,b",
		"chat.jsonl":     `{"messages":[]}`,
		"open.json":      `[{"text":"a"}`,
		"torn.json":      `[{"text":"a"},{"te]`,
		"torn.parquet":   "PAR1PAR1",
		"text.csv.gz":    zip(t, "zipped text"),
		"plain.txt.zst":  "not packed",
	}
	for _, c := range []struct {
		names string
		line  int
		says  string
	}{
		{"missing.txt", 0, "cannot open"},
		{"empty.txt", 0, "is empty"},
		{"latin1.txt", 2, "not UTF-8: byte 0xe9 at offset 16"},
		{"good.txt empty.txt", 0, "is empty"},
		{"good.txt ids.jsonl", 0, "cannot be mixed"},
		{"ids.jsonl text.jsonl", 0, "cannot be mixed"},
		{"empty.jsonl", 0, "is empty"},
		{"blank.jsonl", 0, "is empty"},
		{"broken.jsonl", 2, "malformed JSON"},
		{"latin1.jsonl", 3, "not UTF-8: byte 0xe9 at column 10"},
		{"mixed.jsonl", 2, "mixed"},
		{"mixed2.jsonl", 2, "mixed"},
		{"both.jsonl", 1, "has both"},
		{"neither.jsonl", 1, "has neither"},
		{"list.jsonl", 0, "row 1 of the list: want an object, got a string"},
		{"chat.jsonl", 1, "--apply-chat-template"},
		{"open.json", 0, "the list has no end"},
		{"torn.json", 0, "row 2 of the list: malformed JSON"},
		{"torn.parquet", 0, "not a Parquet file"},
		{"plain.txt.zst", 0, "cannot read"},
		{"number.jsonl", 1, "text: want a string, got a number"},
		{"negative.jsonl", 1, "input_ids[1] is -2"},
		{"large.jsonl", 1, "input_ids[1] is 4294967296"},
		{"float.jsonl", 1, "input_ids: want a whole number, got 2.5 at byte 19"},
		{"null.jsonl", 2, "input_ids[2] is null, want a token id"},
		{"words.jsonl", 1, "input_ids: want a whole number, got a string"},
		{"mark.txt", 0, "is empty"},
		{"mark.jsonl", 0, "is empty"},
		{"utf16.txt", 1, "not UTF-8: byte 0xff at offset 0"},
		{"one.jsonl", 1, "holds 1 ids"},
		{"none.jsonl", 1, "holds 0 ids"},
		{"plain.jsonl.gz", 0, "not a gzip file"},
		{"short.jsonl.gz", 0, "cannot read"}, // the line depends on the compressor
		{"table.csv", 0, "unknown kind of file"},
		{"text.csv.gz", 0, "unknown kind of file"},
	} {
		paths := write(t, files, strings.Fields(c.names)...)
		file := paths[len(paths)-1]
		_, err := data.ReadCorpus(paths)
		var bad *data.CorpusError
		if !errors.As(err, &bad) || bad.File != file || c.line > 0 && bad.Line != c.line || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %v, want a *CorpusError naming %s line %d and %q", c.names, err, filepath.Base(file), c.line, c.says)
		}
	}
	if _, err := data.ReadCorpus(nil); err == nil {
		t.Error("no files: want an error")
	}
	dir := filepath.Join(t.TempDir(), "folder.txt")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := data.ReadCorpus([]string{dir}); err == nil || !strings.Contains(err.Error(), "the folder has no file") {
		t.Errorf("an empty folder: got %v", err)
	}
	if _, err := data.ReadCorpus([]string{filepath.Join(dir, "*.txt")}); err == nil || !strings.Contains(err.Error(), "no file matches") {
		t.Errorf("a pattern: got %v", err)
	}
	if _, err := data.ReadCorpus([]string{"-"}); err == nil || !strings.Contains(err.Error(), "no standard input") {
		t.Errorf("no standard input: got %v", err)
	}
}

func TestEmbeddedTexts(t *testing.T) {
	calibration, evaluation := data.DefaultCalibration(), data.DefaultEvaluation()
	for _, c := range []struct {
		name     string
		corpus   *data.Corpus
		files    int
		from, to int // bytes
	}{
		{"calibration", calibration, 8, 300_000, 400_000},
		{"evaluation", evaluation, 1, 140_000, 160_000},
	} {
		if n := len(c.corpus.Text); len(c.corpus.Files) != c.files || n < c.from || n > c.to {
			t.Errorf("%s: %d bytes of %v, want %d to %d of %d files", c.name, n, c.corpus.Files, c.from, c.to, c.files)
		}
		if strings.Contains(c.corpus.Text, "<unk>") || strings.Contains(c.corpus.Text, "\r") || strings.ToValidUTF8(c.corpus.Text, "") != c.corpus.Text {
			t.Errorf("%s: not clean text", c.name)
		}
	}
	readme, err := os.ReadFile("text/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(calibration.Files, evaluation.Files...) {
		if !strings.Contains(string(readme), filepath.Base(strings.TrimPrefix(file, "embedded:"))) {
			t.Errorf("text/README.md does not name %s", file)
		}
	}
}
