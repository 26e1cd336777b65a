package eval_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/internal/golden"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// slowAnswer is one choice as the slow scorer sees it: everything spelt out.
type slowAnswer struct{ context, continuation, choice string }

// slowQuestion builds the prompts of one line a second time, from docs/contract.md's conventions alone.
func slowQuestion(t *testing.T, task string, line string) (answers []slowAnswer, gold int) {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal([]byte(line), &d); err != nil {
		t.Fatal(err)
	}
	str := func(keys ...string) string {
		for _, k := range keys {
			if s, ok := d[k].(string); ok {
				return s
			}
		}
		return ""
	}
	var choices []string
	var letters []string
	collect := func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				if m, ok := x.(map[string]any); ok {
					choices, letters = append(choices, m["text"].(string)), append(letters, m["label"].(string))
				} else {
					choices = append(choices, x.(string))
				}
			}
		case map[string]any:
			for i, x := range v["text"].([]any) {
				choices, letters = append(choices, x.(string)), append(letters, v["label"].([]any)[i].(string))
			}
		}
	}
	collect(d["choices"])
	switch v := d["label"].(type) {
	case float64:
		gold = int(v)
	case bool:
		if v {
			gold = 1
		}
	case string:
		gold = map[string]int{"0": 0, "1": 1, "2": 2, "3": 3, "entailment": 0, "not_entailment": 1}[v]
	}
	same := func(context string) {
		for _, c := range choices {
			answers = append(answers, slowAnswer{context, " " + c, c})
		}
	}
	stem := str("question_stem", "question")
	if q, ok := d["question"].(map[string]any); ok {
		stem = q["stem"].(string)
		collect(q["choices"])
	}
	if key := strings.TrimSpace(str("answerKey")); key != "" {
		if letters == nil {
			letters = []string{"A", "B", "C", "D", "E"}
		}
		for i, l := range letters {
			if l == key {
				gold = i
			}
		}
	}
	switch task {
	case "boolq":
		if v, ok := d["answer"].(bool); ok && v {
			gold = 1
		}
		choices = []string{"no", "yes"}
		same(str("passage") + "\nQuestion: " + str("question") + "?\nAnswer:")
	case "rte":
		choices = []string{"True", "False"}
		same(str("sentence1", "premise") + "\nQuestion: " + str("sentence2", "hypothesis") + " True or False?\nAnswer:")
	case "hellaswag":
		clean := func(s string) string {
			s = strings.ReplaceAll(strings.TrimSpace(s), " [title]", ". ")
			s = regexp.MustCompile(`\[[^\]\n]*\]`).ReplaceAllString(s, "")
			return strings.ReplaceAll(s, "  ", " ")
		}
		b := str("ctx_b")
		if b != "" {
			b = strings.ToUpper(b[:1]) + strings.ToLower(b[1:])
		}
		choices = nil
		for _, e := range d["endings"].([]any) {
			choices = append(choices, clean(e.(string)))
		}
		same(clean(str("activity_label") + ": " + str("ctx_a") + " " + b))
	case "winogrande":
		if choices == nil {
			choices = []string{str("option1"), str("option2")}
			gold = strings.Index("12", strings.TrimSuffix(fmt.Sprint(d["answer"]), ".0"))
		}
		before, after, _ := strings.Cut(str("sentence"), "_")
		for _, c := range choices {
			answers = append(answers, slowAnswer{before + c, " " + strings.TrimSpace(after), strings.TrimSpace(after)})
		}
	case "arc_easy", "arc_challenge":
		same("Question: " + stem + "\nAnswer:")
	case "openbookqa":
		same(stem)
	case "piqa":
		if choices == nil {
			choices = []string{str("sol1"), str("sol2")}
		}
		same("Question: " + str("goal") + "\nAnswer:")
	default:
		t.Fatalf("no slow prompts for %s", task)
	}
	return answers, gold
}

// slowScore is the log-likelihood of one choice: one sequence, the whole model, all logits, no cache.
func slowScore(m models.CausalLM, tok data.Tokenizer, a slowAnswer, bos bool) float64 {
	encode := func(s string) []int {
		if id, ok := tok.BOS(); ok && bos {
			return append([]int{id}, tok.Encode(s)...)
		}
		return tok.Encode(s)
	}
	for strings.HasSuffix(a.context, " ") || strings.HasSuffix(a.context, "\n") {
		last := a.context[len(a.context)-1:]
		a.context, a.continuation = strings.TrimSuffix(a.context, last), last+a.continuation
	}
	whole, n := encode(a.context+a.continuation), len(encode(a.context))
	continuation := whole[n:]
	if most := m.Config().MaxPositions + 1; len(whole) > most {
		whole = whole[len(whole)-most:]
	}
	input := whole[:len(whole)-1]
	logits := models.Forward(&nn.Context{}, m, [][]int{input}).Value
	sum := 0.0
	for i, id := range continuation {
		at := len(input) - len(continuation) + i
		if at < 0 {
			continue // longer than the model can look back
		}
		row := logits.Row(at)
		top := math.Inf(-1)
		for _, v := range row {
			top = max(top, float64(v))
		}
		z := 0.0
		for _, v := range row {
			z += math.Exp(float64(v) - top)
		}
		sum += float64(row[id]) - top - math.Log(z)
	}
	return sum
}

// best is the index of the largest value.
func best(v []float64) int {
	k := 0
	for i := range v {
		if v[i] > v[k] {
			k = i
		}
	}
	return k
}

// checkTask compares a task's result with the slow scorer on the first n questions of a file, 0: all.
func checkTask(t *testing.T, m models.CausalLM, tok data.Tokenizer, task, path string, n int, o eval.TaskOptions) {
	t.Helper()
	questions, err := eval.ReadTask(task, path)
	if err != nil {
		t.Fatal(err)
	}
	if n > 0 && n < len(questions) {
		questions = questions[:n]
	}
	got, err := eval.ZeroShot(context.Background(), m, tok, questions, o)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	right, rightNorm, worst := 0, 0, 0.0
	for i := range questions {
		if !lines.Scan() {
			t.Fatalf("%s has %d lines, want %d", path, i, len(questions))
		}
		answers, gold := slowQuestion(t, task, lines.Text())
		if len(answers) != len(questions[i].Choices) || gold != questions[i].Gold {
			t.Fatalf("%s line %d: %d choices and gold %d, want %d and %d", path, i+1, len(questions[i].Choices), questions[i].Gold, len(answers), gold)
		}
		var ll, norm []float64
		for k, a := range answers {
			ll = append(ll, slowScore(m, tok, a, !o.NoBOS))
			norm = append(norm, ll[k]/float64(utf8.RuneCountInString(a.choice)))
			worst = max(worst, math.Abs(ll[k]-got.LogLikelihood[i][k])/max(1, math.Abs(ll[k])))
		}
		if best(ll) == gold {
			right++
		}
		if best(norm) == gold {
			rightNorm++
		}
	}
	count := float64(len(questions))
	acc, accNorm := float64(right)/count, float64(rightNorm)/count
	t.Logf("%-14s %d questions: acc %.4f, acc_norm %.4f, likelihoods within %.1e", task, len(questions), got.Acc, got.AccNorm, worst)
	if got.Acc != acc || got.AccNorm != accNorm || got.N != len(questions) {
		t.Errorf("%s: acc %v, acc_norm %v; the slow scorer has %v and %v", task, got.Acc, got.AccNorm, acc, accNorm)
	}
	if !(worst < 1e-4) {
		t.Errorf("%s: a log-likelihood is off by %.2g, allowed 1e-4", task, worst)
	}
	if want := math.Sqrt(acc * (1 - acc) / (count - 1)); math.Abs(got.StdErr-want) > 1e-12 {
		t.Errorf("%s: standard error %v, want %v", task, got.StdErr, want)
	}
}

func TestZeroShotEqualsSlowScorer(t *testing.T) {
	for _, path := range []string{"demo:llama", "demo:opt", golden.Path("models/stories260k")} {
		m, tok := load(t, path)
		for _, task := range eval.TaskNames {
			checkTask(t, m, tok, task, "testdata/"+task+".jsonl", 0, eval.TaskOptions{})
		}
		checkTask(t, m, tok, "piqa", "testdata/piqa.jsonl", 0, eval.TaskOptions{NoBOS: true, Tokens: 1})
	}
}

// The published questions: the first few of each set, all of them (half an hour) with
// ADAGP_TEST_WHOLE=1.
func TestZeroShotOnPublishedQuestions(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	n := 6
	if os.Getenv("ADAGP_TEST_WHOLE") != "" {
		n = 0
	}
	files := map[string]string{"piqa": "piqa_dev", "arc_easy": "arc_easy_test", "arc_challenge": "arc_challenge_test",
		"openbookqa": "openbookqa_test", "winogrande": "winogrande_dev", "rte": "rte"}
	for _, name := range []string{"stories260k", "llama-mini", "opt-mini"} {
		t.Run(name, func(t *testing.T) {
			m, tok := load(t, golden.Shared(t, "models/"+name))
			for task, file := range files {
				checkTask(t, m, tok, task, golden.Shared(t, "zeroshot/"+file+".jsonl"), n, eval.TaskOptions{})
			}
		})
	}
}
