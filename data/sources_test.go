package data_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"github.com/adagp/adagp/data"
)

func zst(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func table[T any](t *testing.T, rows []T, options ...parquet.WriterOption) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type textRow struct {
	Source string `parquet:"source"`
	Text   string `parquet:"text"`
}

type idsRow struct {
	InputIDs []int64 `parquet:"input_ids,list"`
}

type turn struct {
	Content *string `parquet:"content,optional"`
	Role    string  `parquet:"role"`
}

type chatRow struct {
	ID       int64  `parquet:"id"`
	Messages []turn `parquet:"messages,list"`
}

// roles is a chat template for tests.
func roles(messages, tools json.RawMessage) (string, error) {
	var list []struct{ Role, Content string }
	if err := json.Unmarshal(messages, &list); err != nil {
		return "", err
	}
	text := ""
	for _, m := range list {
		if m.Role == "" {
			return "", fmt.Errorf("a message has no role")
		}
		text += "<" + m.Role + ">" + m.Content
	}
	return text + string(tools), nil
}

// spelled is a tokenizer whose ids are bytes, and 1000 for a role's mark.
type spelled struct{}

func (spelled) Encode(text string) (ids []int) {
	for _, b := range []byte(text) {
		ids = append(ids, int(b))
	}
	return ids
}

func (s spelled) EncodeSpecial(text string) (ids []int) {
	for i, part := range strings.Split(text, "<user>") {
		if i > 0 {
			ids = append(ids, 1000)
		}
		ids = append(ids, s.Encode(part)...)
	}
	return ids
}
func (spelled) Decode([]int) string { return "" }
func (spelled) BOS() (int, bool)    { return 999, true }
func (spelled) VocabSize() int      { return 1001 }

// TestForms reads every form of file and checks the ids that come of it.
func TestForms(t *testing.T) {
	text := func(s string) []int { return append([]int{999}, spelled{}.Encode(s)...) }
	conversation := append([]int{1000}, spelled{}.Encode("hi<assistant>yes")...)
	const rows = `{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes"}]}`
	hello := "hello"
	long := make([]textRow, 5000)
	joined := make([]string, len(long))
	for i := range long {
		long[i] = textRow{"s", fmt.Sprintf("row %d of some", i)}
		joined[i] = long[i].Text
	}
	for name, c := range map[string]struct {
		content string
		want    []int
	}{
		"a.md":               {"# text", text("# text")},
		"a.txt.gz":           {zip(t, "packed"), text("packed")},
		"a.txt.zst":          {zst(t, "packed"), text("packed")},
		"a.jsonl.zst":        {zst(t, "{\"text\":\"one\"}\n{\"text\":\"two\"}\n"), text("one two")},
		"list.json":          {" \n[ {\"text\":\"one\"},\n\n{\"text\":\"two\", \"x\":[1]} ]\n", text("one two")},
		"list.json.gz":       {zip(t, `[{"text":"one"}]`), text("one")},
		"rows.parquet":       {table(t, []textRow{{"s", "one"}, {"s", "two"}}), text("one two")},
		"zstd.parquet":       {table(t, []textRow{{"s", "one"}, {"s", "two"}}, parquet.Compression(&parquet.Zstd)), text("one two")},
		"snappy.parquet":     {table(t, long, parquet.Compression(&parquet.Snappy), parquet.PageBufferSize(1000), parquet.MaxRowsPerRowGroup(700)), text(strings.Join(joined, " "))},
		"chat.jsonl":         {rows + "\n" + rows, append(append([]int{}, conversation...), conversation...)},
		"chat.json":          {"[" + rows + "]", conversation},
		"named.jsonl":        {`{"conversations":[{"from":"human","value":"hi"},{"from":"gpt","value":"yes"}]}`, conversation},
		"beside.jsonl":       {strings.TrimSuffix(rows, "}") + `,"text":"the same as a text"}`, conversation},
		"tools.jsonl":        {strings.TrimSuffix(rows, "}") + `,"tools":[1]}`, append(append([]int{}, conversation...), spelled{}.Encode("[1]")...)},
		"messages.parquet":   {table(t, []chatRow{{1, []turn{{&hello, "user"}, {nil, "system"}}}, {2, []turn{{&hello, "user"}}}}), append(append([]int{1000}, spelled{}.Encode("hello<system>")...), append([]int{1000}, spelled{}.Encode("hello")...)...)},
		"no-turns.parquet":   {table(t, []chatRow{{1, nil}, {2, []turn{{&hello, "user"}}}}), append([]int{1000}, spelled{}.Encode("hello")...)},
		"other-name.PARQUET": {table(t, []textRow{{"s", "one"}}), text("one")},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, map[string]string{name: c.content}, name)
			corpus, err := (&data.Reader{Chat: roles}).Corpus(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := data.IDs(spelled{}, corpus)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%d ids %.200v, %v, want %d, %.200v", len(got), got, err, len(c.want), c.want)
			}
		})
	}
	path := write(t, map[string]string{"ids.parquet": table(t, []idsRow{{[]int64{1, 2, 3}}, {[]int64{4, 5}}})}, "ids.parquet")
	if corpus, err := data.ReadCorpus(path); err != nil || !reflect.DeepEqual(corpus.Windows, [][]int{{1, 2, 3}, {4, 5}}) {
		t.Errorf("input_ids of a Parquet file: %+v, %v", corpus, err)
	}
}

// TestPlaces: folders, patterns and the standard input.
func TestPlaces(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"b.txt": "two", "a.jsonl": `{"text":"one"}`, "README.md": "about", ".hidden.txt": "no", "image.png": "no", "sub/c.md": "three", ".git/d.txt": "no"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ path, stdin, want string }{
		{dir, "", "one\n\ntwo\n\nthree"},
		{filepath.Join(dir, "[ab].*"), "", "one\n\ntwo"},
		{filepath.Join(dir, "*", "*.md"), "", "three"},
		{"-", "typed", "typed"},
		{"-", "[{\"text\":\"row\"}]", "row"},
		{"-", "{\"text\":\"row\"}\n", "row"},
		{"-", "{braces} in a text", "{braces} in a text"},
	} {
		corpus, err := (&data.Reader{Stdin: strings.NewReader(c.stdin)}).Corpus([]string{c.path})
		if err != nil || corpus.Text != c.want {
			t.Errorf("%s: %+v, %v, want %q", c.path, corpus, err, c.want)
		}
	}
}

// TestLongConversations: conversations that are not held are read again, one by one.
func TestLongConversations(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, `{"messages":[{"role":"user","content":"%d %s"}]}`+"\n", i, strings.Repeat("x", 2000))
	}
	path := write(t, map[string]string{"long.jsonl": b.String()}, "long.jsonl")
	corpus, err := (&data.Reader{Chat: roles}).Corpus(path)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := data.IDs(spelled{}, corpus)
	if err != nil {
		t.Fatal(err)
	}
	marks := 0
	for _, id := range ids {
		if id == 1000 {
			marks++
		}
	}
	if marks != 3000 || ids[0] != 1000 {
		t.Errorf("%d conversations, the first id is %d", marks, ids[0])
	}
}

// TestMixedRows: texts and conversations do not go together, nor do conversations and a tokenizer without special tokens.
func TestMixedRows(t *testing.T) {
	files := map[string]string{
		"a.jsonl": "{\"text\":\"a\"}\n{\"messages\":[]}\n", "b.jsonl": "{\"messages\":[]}\n{\"text\":\"a\"}\n", "t.txt": "text",
		"m.jsonl": `{"messages":[{"role":"user","content":"x"}]}`, "bad.jsonl": `{"messages":[{"content":"x"}]}`,
		"words.parquet": table(t, []struct {
			Text int64 `parquet:"text"`
		}{{1}}),
		"other.parquet": table(t, []struct {
			Body string `parquet:"body"`
		}{{"x"}}),
	}
	for names, want := range map[string]string{"a.jsonl": "mixed", "b.jsonl": "mixed", "t.txt m.jsonl": "cannot be mixed", "m.jsonl t.txt": "cannot be mixed",
		"bad.jsonl": "a message has no role", "words.parquet": "want strings", "other.parquet": `has the columns ["body"]`} {
		if _, err := (&data.Reader{Chat: roles}).Corpus(write(t, files, strings.Fields(names)...)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", names, err, want)
		}
	}
}

func FuzzParquet(f *testing.F) {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[chatRow](&b)
	hello := "hello"
	if _, err := w.Write([]chatRow{{1, []turn{{&hello, "user"}}}}); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "x.parquet")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = (&data.Reader{Chat: roles}).Corpus([]string{path})
	})
}
