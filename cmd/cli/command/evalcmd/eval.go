package evalcmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/command"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/modelname"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/cmd/cli/texts"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/models"
)

// Command returns the command eval.
func Command(p *session.Process) *cli.Command {
	return command.New(p, command.Command{
		Name:     "eval",
		Summary:  "measure perplexity and zero-shot accuracy, compare models",
		Synopsis: exit.Program + " eval --model DIR [--model DIR…] [--text FILE…] [--task NAME=FILE…] [flags]",
		Description: `Perplexity: a text is tokenised once, cut into windows of --seqlen tokens that do not overlap,
and the perplexity is exp of the mean loss of the windows. FILE is .txt, or .jsonl (also .gz) with
a "text" per line, or .jsonl whose lines hold "input_ids": those are windows, used as given.
Tasks: accuracy on multiple-choice questions, prompts and scoring as in lm-evaluation-harness.
Several models are measured on the same windows and questions, and each is compared with the
first: the interval holds the true difference with 95 % confidence (paired bootstrap).`,
		Flags: []flags.Flag{
			{Name: "model", Argument: "DIR", Usage: "model folder DIR, or org/name[@revision] of the Hugging Face hub, or demo:llama, demo:opt; may repeat (required)", Kind: flags.List},
			{Name: "text", Argument: "FILE", Usage: "measure the perplexity on FILE, as --calib of prune takes it; may repeat", Kind: flags.List},
			texts.ChatTemplate(""),
			{Name: "task", Argument: "NAME=FILE.jsonl", Usage: "measure the accuracy on NAME=FILE.jsonl, NAME one of " + strings.Join(eval.TaskNames, ", ") + "; may repeat", Kind: flags.List},
			{Name: "seqlen", Argument: "L", Usage: "tokens per window L", Kind: flags.Whole, Without: "the model's context, at most 2048"},
			{Name: "max-windows", Argument: "N", Usage: "stop after N windows of each text", Kind: flags.Whole, Without: "all"},
			{Name: "max-questions", Argument: "N", Usage: "stop after N questions of each task", Kind: flags.Whole, Without: "all"},
			{Name: "no-bos", Usage: "put no BOS in front of a task's prompts, as the harness did in 2023", Kind: flags.Switch},
			{Name: "resamples", Argument: "N", Usage: "bootstrap resamples N of a comparison", Kind: flags.Whole, Default: eval.DefaultResamples},
		},
		Examples: []string{
			"eval --model demo:llama --text story.txt",
			"eval --model pruned --text wiki.test.jsonl --seqlen 256 --max-windows 100 --json",
			"eval --model dense --model pruned --text wiki.txt --task piqa=piqa.jsonl --task rte=rte.jsonl",
		},
		Run: runEval,
	})
}

// evalPlan is what the flags of eval ask for.
type evalPlan struct {
	chat         bool // rows of messages are read
	models       []string
	texts        []string
	tasks        []evalTask
	maxWindows   int
	maxQuestions int
	noBOS        bool
	resamples    int
}

// evalTask is a task with its questions.
type evalTask struct {
	name, file string
	questions  []eval.Question
}

// maxResamples keeps the memory for a comparison below a gigabyte.
const maxResamples = 10_000_000

func parseEvalPlan(c *cli.Context) (*evalPlan, error) {
	p := &evalPlan{models: c.StringSlice("model"), texts: c.StringSlice("text"), chat: c.Bool("apply-chat-template"), maxWindows: c.Int("max-windows"),
		maxQuestions: c.Int("max-questions"), noBOS: c.Bool("no-bos"), resamples: c.Int("resamples")}
	if err := flags.AtLeast(c, 2, "seqlen", "max-questions"); err != nil {
		return nil, err
	}
	if err := flags.AtLeast(c, 1, "max-windows", "resamples"); err != nil {
		return nil, err
	}
	if p.resamples > maxResamples {
		return nil, exit.Usagef("--resamples %d: want at most %d", p.resamples, maxResamples)
	}
	if len(p.models) == 0 || slices.Contains(p.models, "") {
		return nil, exit.Usagef("eval needs --model; see %s eval --help", exit.Program)
	}
	if slices.Contains(p.texts, "") {
		return nil, exit.Usagef("--text \"\": want a file name")
	}
	var names []string
	for _, t := range c.StringSlice("task") {
		name, file, ok := strings.Cut(t, "=")
		if !ok || file == "" || !slices.Contains(eval.TaskNames, name) {
			return nil, exit.Usagef("--task %q: want NAME=FILE.jsonl, NAME one of %s", t, strings.Join(eval.TaskNames, ", "))
		}
		p.tasks = append(p.tasks, evalTask{name: name, file: file})
		names = append(names, name)
	}
	for _, f := range []struct {
		flag string
		list []string
	}{{"model", p.models}, {"text", p.texts}, {"task", names}} {
		for i, name := range f.list {
			if slices.Contains(f.list[:i], name) {
				return nil, exit.Usagef("--%s: %s is named twice", f.flag, name)
			}
		}
	}
	if len(p.texts)+len(p.tasks) == 0 {
		return nil, exit.Usagef("eval needs --text or --task; see %s eval --help", exit.Program)
	}
	if p.noBOS && len(p.tasks) == 0 {
		return nil, exit.Usagef("--no-bos is about --task; texts begin with the tokenizer's BOS always")
	}
	return p, nil
}

// runEval reads all inputs before it measures anything.
func runEval(s *session.Session, c *cli.Context) error {
	p, err := parseEvalPlan(c)
	if err != nil {
		return err
	}
	var subjects []*evalSubject
	for _, path := range p.models {
		folder, err := modelname.Resolve(s, path)
		if err != nil {
			return err
		}
		m, err := models.Open(folder)
		if err != nil {
			return err
		}
		defer m.Close()
		length, err := texts.WindowLength(c, m)
		if err != nil {
			return err
		}
		subjects = append(subjects, &evalSubject{model: m, length: length})
	}
	for i := range p.tasks {
		t := &p.tasks[i]
		if t.questions, err = eval.ReadTask(t.name, t.file); err != nil {
			return fmt.Errorf("--task %s: %w", t.name, err)
		}
		if n := p.maxQuestions; n > 0 && n < len(t.questions) {
			t.questions = t.questions[:n]
		}
	}
	for _, file := range p.texts {
		var corpus *data.Corpus
		for i, sub := range subjects {
			if i == 0 || p.chat { // each model has a template of its own
				if corpus, err = texts.Corpus(s, sub.model, []string{file}, p.chat, data.DefaultEvaluation); err != nil {
					return err
				}
			}
			windows, _, err := texts.Evaluation(sub.model, corpus, sub.length, p.maxWindows)
			if err != nil {
				return err
			}
			if len(windows) < 2 && len(subjects) > 1 {
				return fmt.Errorf("--text %s: one window of %d tokens, want at least 2 to compare models", file, len(windows[0]))
			}
			sub.windows = append(sub.windows, windows)
		}
	}
	for _, sub := range subjects {
		if err := sub.measure(s, p); err != nil {
			return err
		}
	}
	return printEval(s, p, subjects)
}

// evalSubject is a model with what was measured on it.
type evalSubject struct {
	model   *models.Model
	length  int       // tokens per window
	windows [][][]int // text by text

	texts []eval.Result
	tasks []eval.TaskResult
}

// measure loads the model, runs everything, and unloads it again.
func (e *evalSubject) measure(s *session.Session, p *evalPlan) error {
	if err := e.model.LoadWidened(e.model.Walk); err != nil {
		return err
	}
	defer e.model.Unload(e.model.Walk)
	what := func(name string) string {
		if len(p.models) > 1 {
			return e.model.Path + ", " + name
		}
		return name
	}
	for i, file := range p.texts {
		got, err := texts.Perplexity(s, what("perplexity on "+file), e.model, e.windows[i])
		if err != nil {
			return fmt.Errorf("%s on %s: %w", e.model.Path, file, err)
		}
		e.texts = append(e.texts, got)
	}
	if len(p.tasks) == 0 {
		return nil
	}
	tok, err := tokenizer.Open(e.model.FS)
	if err != nil {
		return fmt.Errorf("tokenizer of %s: %w", e.model.Path, err)
	}
	for _, t := range p.tasks {
		bar := s.Progress.StartShares(what(t.name))
		got, err := eval.ZeroShot(s.Ctx, e.model, tok, t.questions, eval.TaskOptions{NoBOS: p.noBOS, Progress: func(done, total int) {
			bar.Share(float64(done)/float64(total), "")
		}})
		bar.End()
		if err != nil {
			return fmt.Errorf("%s on %s: %w", e.model.Path, t.file, err)
		}
		s.Progress.Line("%s: %d questions, acc %.4f, %s", what(t.name), got.N, got.Acc, format.Seconds(got.Seconds))
		e.tasks = append(e.tasks, got)
	}
	return nil
}
