package eval

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestPrompts spells the prompts of every task out.
func TestPrompts(t *testing.T) {
	for _, c := range []struct {
		task, line string
		want       Question
	}{
		{"boolq", `{"passage": "P.", "question": "is it", "label": true}`,
			Question{[]Choice{{"P.\nQuestion: is it?\nAnswer:", " no", 2}, {"P.\nQuestion: is it?\nAnswer:", " yes", 3}}, 1}},
		{"rte", `{"premise": "A.", "hypothesis": "B.", "label": "entailment"}`,
			Question{[]Choice{{"A.\nQuestion: B. True or False?\nAnswer:", " True", 4}, {"A.\nQuestion: B. True or False?\nAnswer:", " False", 5}}, 0}},
		{"hellaswag", `{"activity_label": "X", "ctx_a": "[header] Go [title] now", "ctx_b": "éA b", "endings": ["a  b ", "ñ[x]"], "label": "1"}`,
			Question{[]Choice{{"X: Go. now Éa b", " a b", 3}, {"X: Go. now Éa b", " ñ", 1}}, 1}},
		{"winogrande", `{"sentence": "So _ is. ", "option1": "a", "option2": "bc", "answer": "2"}`,
			Question{[]Choice{{"So a", " is.", 3}, {"So bc", " is.", 3}}, 1}},
		{"arc_easy", `{"question": {"stem": "S?", "choices": [{"text": "x", "label": "1"}, {"text": "y", "label": "2"}]}, "answerKey": "2"}`,
			Question{[]Choice{{"Question: S?\nAnswer:", " x", 1}, {"Question: S?\nAnswer:", " y", 1}}, 1}},
		{"openbookqa", `{"question_stem": "S", "choices": {"text": ["x", "yy"], "label": ["A", "B"]}, "answerKey": " B"}`,
			Question{[]Choice{{"S", " x", 1}, {"S", " yy", 2}}, 1}},
		{"piqa", `{"goal": "G", "sol1": "x", "sol2": "y", "label": 0}`,
			Question{[]Choice{{"Question: G\nAnswer:", " x", 1}, {"Question: G\nAnswer:", " y", 1}}, 0}},
	} {
		got, err := parseQuestion(c.task, []byte(c.line))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v (%v), want %+v", c.task, got, err, c.want)
		}
	}
}

func TestBadTasks(t *testing.T) {
	for _, c := range []struct{ task, line, says string }{
		{"piqa", `{"goal": "G"`, "malformed JSON"},
		{"piqa", `[1]`, "want an object, got a list"},
		{"piqa", `null`, "want a JSON object"},
		{"piqa", "{\"goal\": \"\xff\"}", "not UTF-8"},
		{"piqa", `{"goal": "G", "sol1": "x", "sol2": "y"}`, "field label is missing"},
		{"piqa", `{"goal": 3, "sol1": "x", "sol2": "y", "label": 0}`, "field goal: want a string, got 3"},
		{"piqa", `{"goal": "G", "sol1": "x", "sol2": "y", "label": 2}`, "index of one of 2 choices, got 2"},
		{"piqa", `{"goal": "G", "sol1": "x", "sol2": "", "label": 0}`, "empty"},
		{"piqa", `{"goal": "G", "choices": ["x"], "label": 0}`, "got 1 choices"},
		{"boolq", `{"passage": "P", "question": "q", "label": -1}`, "got -1"},
		{"winogrande", `{"sentence": "no gap", "option1": "a", "option2": "b", "answer": "1"}`, "no _"},
		{"winogrande", `{"sentence": "a _ gap", "choices": ["a", "b", "c"], "label": 1}`, "got 3, want 2"},
		{"winogrande", `{"sentence": "a _ gap", "option1": "a", "option2": "b", "answer": "3"}`, "got \"3\""},
		{"winogrande", `{"sentence": "ends with _", "option1": "a", "option2": "b", "answer": "1"}`, "choice 0 is empty"},
		{"arc_easy", `{"question": "q", "choices": {"text": ["a", "b"], "label": ["A"]}, "answerKey": "A"}`, "as many labels"},
		{"arc_easy", `{"question": "q", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "C"}`, "none of the labels"},
		{"arc_easy", `{"question": {"stem": "q", "choices": [{"text": "a"}]}, "answerKey": "A"}`, "lacks its text or its label"},
		{"openbookqa", `{"choices": ["a", "b"], "label": 0}`, "question_stem or question is missing"},
		{"hellaswag", `{"activity_label": "a", "ctx_a": "b", "ctx_b": "c", "endings": "d", "label": 0}`, "list of strings"},
	} {
		if q, err := parseQuestion(c.task, []byte(c.line)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %s: %+v, %v; want an error that says %q", c.task, c.line, q, err, c.says)
		}
	}
	path := filepath.Join(t.TempDir(), "q.jsonl")
	const marked = "\ufeff{\"goal\": \"G\", \"sol1\": \"x\", \"sol2\": \"y\", \"label\": 0}\r\n"
	if err := os.WriteFile(path, []byte(marked), 0o644); err != nil {
		t.Fatal(err)
	}
	if q, err := ReadTask("piqa", path); err != nil || len(q) != 1 {
		t.Errorf("a file with a byte-order mark: %d questions, %v", len(q), err)
	}
	for text, line := range map[string]int{
		"": 0, "\n\n": 0,
		"{\"goal\": \"G\", \"sol1\": \"x\", \"sol2\": \"y\", \"label\": 0}\n\nx\n": 3,
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var bad *TaskError
		if _, err := ReadTask("piqa", path); !errors.As(err, &bad) || bad.Line != line || bad.File != path {
			t.Errorf("%q: %v, want a *TaskError for line %d", text, err, line)
		}
	}
	if _, err := ReadTask("piqa", path+".missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := ReadTask("sudoku", path); err == nil || !strings.Contains(err.Error(), "want one of boolq") {
		t.Errorf("unknown task: %v", err)
	}
}

func FuzzTask(f *testing.F) {
	for i, name := range TaskNames {
		b, err := os.ReadFile("testdata/" + name + ".jsonl")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), b)
	}
	f.Fuzz(func(t *testing.T, task uint8, b []byte) {
		name := TaskNames[int(task)%len(TaskNames)]
		questions, _, err := parseTask(name, strings.NewReader(string(b)))
		if err != nil {
			return
		}
		for _, q := range questions {
			if q.Gold < 0 || q.Gold >= len(q.Choices) || len(q.Choices) < 2 {
				t.Fatalf("%s: gold %d of %d choices", name, q.Gold, len(q.Choices))
			}
			for _, c := range q.Choices {
				if c.Length != utf8.RuneCountInString(c.Continuation)-1 || c.Length < 1 || c.Continuation[0] != ' ' {
					t.Fatalf("%s: %+v", name, c)
				}
			}
		}
	})
}
