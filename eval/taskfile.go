package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/adagp/adagp/internal/inputfile"
)

// Limits on a task's file: the largest published one has 10,042 questions in 50 MB.
const (
	maxTaskBytes = 1 << 30
	maxTaskLine  = 16 << 20
	maxChoices   = 64
)

// TaskError reports a task's file that cannot be used.
type TaskError struct {
	File string
	Line int // from 1; 0 when the whole file is meant
	Err  error
}

func (e *TaskError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s line %d: %v", e.File, e.Line, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.File, e.Err)
}

func (e *TaskError) Unwrap() error { return e.Err }

// ReadTask reads the questions of the named task from a file of JSON lines, with the fields of the
// published data sets or with "choices" (texts) and "label" (index) instead of theirs. Every failure
// but that of an unknown name is a *TaskError.
func ReadTask(name, path string) ([]Question, error) {
	if err := knownTask(name); err != nil {
		return nil, err
	}
	f, err := inputfile.OpenPath(path)
	if err != nil {
		return nil, &TaskError{File: path, Err: inputfile.Cause(err)}
	}
	defer f.Close()
	questions, line, err := parseTask(name, f)
	if err != nil {
		return nil, &TaskError{File: path, Line: line, Err: err}
	}
	return questions, nil
}

// parseTask reads JSON lines; the line returned is that of the error. Empty lines are skipped.
func parseTask(name string, r io.Reader) (questions []Question, line int, err error) {
	in := bufio.NewScanner(io.LimitReader(inputfile.SkipMark(r), maxTaskBytes+1))
	in.Buffer(make([]byte, 0, 64<<10), maxTaskLine)
	size := 0
	for in.Scan() {
		line++
		if size += len(in.Bytes()) + 1; size > maxTaskBytes {
			return nil, 0, fmt.Errorf("more than %d MiB", maxTaskBytes>>20)
		}
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		q, err := parseQuestion(name, in.Bytes())
		if err != nil {
			return nil, line, err
		}
		questions = append(questions, q)
	}
	if err := in.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("longer than %d MiB", maxTaskLine>>20)
		}
		return nil, line + 1, err
	}
	if len(questions) == 0 {
		return nil, 0, errors.New("no questions")
	}
	return questions, 0, nil
}

func parseQuestion(name string, line []byte) (Question, error) {
	if !utf8.Valid(line) {
		return Question{}, errors.New("not UTF-8")
	}
	f := &fields{}
	if err := inputfile.ParseJSON(line, &f.values); err != nil {
		return Question{}, err
	}
	if f.values == nil {
		return Question{}, errors.New("want a JSON object")
	}
	q := tasks[name].read(f)
	if f.err == nil && (len(q.Choices) < 2 || len(q.Choices) > maxChoices) {
		f.fail("got %d choices, want 2 to %d", len(q.Choices), maxChoices)
	}
	for i, c := range q.Choices {
		if f.err == nil && c.Length == 0 {
			f.fail("choice %d is empty", i)
		}
	}
	return q, f.err
}

// fields reads values out of one line and remembers the first fault.
type fields struct {
	values map[string]json.RawMessage
	err    error
}

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

func (f *fields) has(name string) bool {
	v, ok := f.values[name]
	return ok && string(v) != "null"
}

// find returns the first of the names that is there.
func (f *fields) find(names []string) (string, json.RawMessage) {
	for _, name := range names {
		if f.has(name) {
			return name, f.values[name]
		}
	}
	f.fail("field %s is missing", strings.Join(names, " or "))
	return names[0], nil
}

// text returns a string field that is not empty; it may have several names.
func (f *fields) text(names ...string) string {
	s := f.mayBeEmpty(names...)
	if s == "" {
		f.fail("field %s is empty", strings.Join(names, " or "))
	}
	return s
}

func (f *fields) mayBeEmpty(names ...string) (s string) {
	name, raw := f.find(names)
	if raw != nil && json.Unmarshal(raw, &s) != nil {
		f.fail("field %s: want a string, got %s", name, quoted(raw))
	}
	return s
}

// texts returns a list of strings.
func (f *fields) texts(names ...string) (list []string) {
	name, raw := f.find(names)
	if raw != nil && json.Unmarshal(raw, &list) != nil {
		f.fail("field %s: want a list of strings, got %s", name, quoted(raw))
	}
	return list
}

// index returns a choice below n that a number, a string or a boolean names; named holds words that
// stand for one.
func (f *fields) index(n int, named map[string]int, names ...string) int {
	name, raw := f.find(names)
	word := strings.Trim(strings.TrimSpace(string(raw)), `"`)
	word = strings.TrimFunc(word, blank)
	if i, ok := named[strings.ToLower(word)]; ok && i < n {
		return i
	}
	i, err := strconv.Atoi(word)
	switch {
	case word == "false":
		i, err = 0, nil
	case word == "true":
		i, err = 1, nil
	}
	if err != nil || i < 0 || i >= n {
		f.fail("field %s: want the index of one of %d choices, got %s", name, n, quoted(raw))
		return 0
	}
	return i
}

// lettered reads a question whose choices have labels and whose answer is one of these. The stem may
// stand in any of the named fields, as text or, as ARC and OpenBookQA were first published, as an
// object that holds the choices too.
func (f *fields) lettered(names ...string) (stem string, texts []string, gold int) {
	name, raw := f.find(names)
	inner := f
	if len(raw) > 0 && raw[0] == '{' {
		inner = &fields{}
		if err := json.Unmarshal(raw, &inner.values); err != nil {
			f.fail("field %s: %v", name, err)
			return "", nil, 0
		}
		stem = inner.text("stem")
	} else {
		stem = f.text(names...)
	}
	texts, labels := inner.choices()
	if inner.err != nil {
		f.fail("%w", inner.err)
		return stem, texts, 0
	}
	if !f.has("answerKey") {
		return stem, texts, f.index(len(texts), nil, "label")
	}
	key := strings.TrimFunc(f.text("answerKey"), blank)
	for _, known := range [][]string{labels, strings.Split("ABCDEFGH", ""), strings.Split("12345678", "")} {
		if gold = slices.Index(known, key); gold >= 0 && gold < len(texts) {
			return stem, texts, gold
		}
		if labels != nil {
			break
		}
	}
	f.fail("field answerKey: %q is none of the labels %v", key, labels)
	return stem, texts, 0
}

// choices reads {"text": […], "label": […]}, [{"text": …, "label": …}, …] or a list of texts, which has
// no labels.
func (f *fields) choices() (texts, labels []string) {
	_, raw := f.find([]string{"choices"})
	if raw == nil {
		return nil, nil
	}
	var columns struct{ Text, Label []string }
	var rows []struct{ Text, Label *string }
	switch {
	case json.Unmarshal(raw, &texts) == nil:
		return texts, nil
	case json.Unmarshal(raw, &columns) == nil && len(columns.Text) == len(columns.Label):
		return columns.Text, columns.Label
	case json.Unmarshal(raw, &rows) == nil:
		texts, labels = nil, nil
		for i, r := range rows {
			if r.Text == nil || r.Label == nil {
				f.fail("field choices: number %d lacks its text or its label", i)
				return nil, nil
			}
			texts, labels = append(texts, *r.Text), append(labels, *r.Label)
		}
		return texts, labels
	}
	f.fail("field choices: want texts, or texts and as many labels, got %s", quoted(raw))
	return nil, nil
}

// quoted is a value as an error shows it.
func quoted(raw json.RawMessage) string {
	const most = 60
	if len(raw) > most {
		return strings.ToValidUTF8(string(raw[:most]), "") + "…"
	}
	return string(raw)
}
