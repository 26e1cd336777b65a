package eval

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Question is one multiple-choice question, ready to be scored: the model's answer is the choice whose
// continuation it finds most likely after its context.
type Question struct {
	Choices []Choice
	Gold    int // index of the right choice
}

// Choice is one answer. The prompts and the delimiters are those of lm-evaluation-harness.
type Choice struct {
	Context      string
	Continuation string // begins with the delimiter, a blank
	Length       int    // code points of the answer without the delimiter, which acc_norm divides by
}

// task is how one data set becomes questions.
type task struct {
	norm bool // acc_norm is reported too
	read func(f *fields) Question
}

// tasks are the data sets that are known, by their names in the harness.
var tasks = map[string]task{
	"boolq":         {false, boolQ},
	"rte":           {false, rte},
	"hellaswag":     {true, hellaSwag},
	"winogrande":    {false, winoGrande},
	"arc_easy":      {true, arc},
	"arc_challenge": {true, arc},
	"openbookqa":    {true, openBookQA},
	"piqa":          {true, piqa},
}

// TaskNames lists the zero-shot tasks, in the order in which papers print them.
var TaskNames = []string{"boolq", "rte", "hellaswag", "winogrande", "arc_easy", "arc_challenge", "openbookqa", "piqa"}

// HasNorm reports whether a task has acc_norm.
func HasNorm(name string) bool { return tasks[name].norm }

// delimiter stands between context and answer.
const delimiter = " "

// answers makes a question whose choices share a context.
func answers(context string, gold int, texts []string) Question {
	q := Question{Gold: gold}
	for _, t := range texts {
		q.Choices = append(q.Choices, Choice{context, delimiter + t, utf8.RuneCountInString(t)})
	}
	return q
}

func boolQ(f *fields) Question {
	passage, question := f.text("passage"), f.text("question")
	return answers(passage+"\nQuestion: "+question+"?\nAnswer:", f.index(2, nil, "label", "answer"), []string{"no", "yes"})
}

func rte(f *fields) Question {
	first, second := f.text("sentence1", "premise"), f.text("sentence2", "hypothesis")
	named := map[string]int{"entailment": 0, "entailed": 0, "true": 0, "not_entailment": 1, "false": 1}
	return answers(first+"\nQuestion: "+second+" True or False?\nAnswer:", f.index(2, named, "label"), []string{"True", "False"})
}

func hellaSwag(f *fields) Question {
	context := f.text("activity_label") + ": " + f.text("ctx_a") + " " + capitalize(f.mayBeEmpty("ctx_b"))
	endings := f.texts("endings", "choices")
	for i, e := range endings {
		endings[i] = plainWikiHow(e)
	}
	return answers(plainWikiHow(context), f.index(len(endings), nil, "label"), endings)
}

// winoGrande puts each option into the gap: the contexts differ, what follows them does not.
func winoGrande(f *fields) Question {
	sentence := f.text("sentence")
	var options []string
	if f.has("option1") {
		options = []string{f.text("option1"), f.text("option2")}
	} else {
		options = f.texts("choices")
	}
	gap := strings.Index(sentence, "_")
	if gap < 0 {
		f.fail("sentence: has no _ to fill in")
		return Question{}
	}
	if len(options) != 2 {
		f.fail("choices: got %d, want 2", len(options))
	}
	rest := strings.TrimFunc(sentence[gap+1:], blank)
	q := Question{}
	if f.has("answer") {
		q.Gold = f.index(2, map[string]int{"1": 0, "2": 1}, "answer")
	} else {
		q.Gold = f.index(2, nil, "label")
	}
	for _, o := range options {
		q.Choices = append(q.Choices, Choice{sentence[:gap] + o, delimiter + rest, utf8.RuneCountInString(rest)})
	}
	return q
}

func arc(f *fields) Question {
	stem, texts, gold := f.lettered("question")
	return answers("Question: "+stem+"\nAnswer:", gold, texts)
}

func openBookQA(f *fields) Question {
	stem, texts, gold := f.lettered("question_stem", "question")
	return answers(stem, gold, texts)
}

func piqa(f *fields) Question {
	var texts []string
	if f.has("sol1") {
		texts = []string{f.text("sol1"), f.text("sol2")}
	} else {
		texts = f.texts("choices")
	}
	return answers("Question: "+f.text("goal")+"\nAnswer:", f.index(len(texts), nil, "label"), texts)
}

var bracketed = regexp.MustCompile(`\[.*?\]`)

// plainWikiHow is what the harness does to HellaSwag's texts, some of which come from WikiHow.
func plainWikiHow(s string) string {
	s = strings.TrimFunc(s, blank)
	s = strings.ReplaceAll(s, " [title]", ". ")
	s = bracketed.ReplaceAllString(s, "")
	return strings.ReplaceAll(s, "  ", " ")
}

// capitalize makes the first letter a capital and all others small, as Python's str.capitalize.
func capitalize(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToTitle(first)) + strings.ToLower(s[size:])
}

// blank is what Python calls white space.
func blank(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// knownTask returns an error that lists the tasks unless there is one of the name.
func knownTask(name string) error {
	if _, ok := tasks[name]; !ok {
		return fmt.Errorf("unknown task %q, want one of %s", name, strings.Join(TaskNames, ", "))
	}
	return nil
}
