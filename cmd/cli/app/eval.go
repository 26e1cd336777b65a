package app

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/models"
)

func evalCommand(r *run) *cli.Command {
	return command(&cli.Command{
		Name:      "eval",
		Usage:     "measure the perplexity of a model on a text",
		UsageText: programName + " eval --model DIR --text FILE [flags]",
		Description: `The text is tokenised once, cut into windows of --seqlen tokens that do not overlap, and
the perplexity is exp of the mean loss of the windows. FILE is .txt, or .jsonl (also .gz) with a
"text" per line, or .jsonl whose lines hold "input_ids": those are windows, used as given.`,
		Flags: []cli.Flag{
			modelFlag(),
			&cli.StringFlag{Name: "text", Usage: "evaluation text `FILE` (required)"},
			&cli.IntFlag{Name: "seqlen", Usage: "tokens per window `L`", DefaultText: "the model's context, at most 2048"},
			&cli.IntFlag{Name: "max-windows", Usage: "stop after `N` windows", DefaultText: "all"},
		},
		Action: r.action(runEval),
	},
		"eval --model demo:llama --text story.txt",
		"eval --model pruned --text wiki.test.jsonl --seqlen 256 --max-windows 100 --json",
	)
}

// evalResult is the JSON of docs/contract.md.
type evalResult struct {
	Task       string  `json:"task"`
	Perplexity float64 `json:"perplexity"`
	NLL        float64 `json:"nll"`
	Windows    int     `json:"windows"`
	SeqLen     int     `json:"seqlen"`
	Tokens     int     `json:"tokens"`
	Seconds    float64 `json:"seconds"`
}

func runEval(s *session, c *cli.Context) error {
	if err := atLeast(c, 2, "seqlen"); err != nil {
		return err
	}
	if err := atLeast(c, 1, "max-windows"); err != nil {
		return err
	}
	if _, err := required(c, "model"); err != nil {
		return err
	}
	text, err := required(c, "text")
	if err != nil {
		return err
	}
	m, err := openModel(c)
	if err != nil {
		return err
	}
	defer m.Close()
	length, err := windowLength(c, m)
	if err != nil {
		return err
	}
	corpus, err := data.ReadCorpus([]string{text})
	if err != nil {
		return err
	}
	windows, _, err := evaluationFor(m, corpus, length, c.Int("max-windows"))
	if err != nil {
		return err
	}
	if err := m.LoadAll(); err != nil {
		return err
	}
	got, err := s.perplexity("evaluating", m, windows)
	if err != nil {
		return err
	}
	res := evalResult{"perplexity", got.Perplexity, got.NLL, got.Windows, got.SeqLen, got.Tokens, got.Seconds}
	return s.result(res, func(w io.Writer) {
		fmt.Fprintf(w, "perplexity %s  (mean loss %.4f, %d windows of %d tokens, %s)\n",
			formatPerplexity(res.Perplexity), res.NLL, res.Windows, res.SeqLen, formatSeconds(res.Seconds))
	})
}

// perplexity measures a model whose weights are loaded, with progress under the given label.
func (s *session) perplexity(label string, m models.CausalLM, windows [][]int) (eval.Result, error) {
	t := s.progress.start(label, len(windows), "windows")
	defer t.end()
	return eval.Perplexity(s.ctx, m, windows, eval.Options{Progress: func(done, _ int) { t.tick(done) }})
}
