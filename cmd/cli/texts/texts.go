// Package texts turns the texts that flags name into windows of token ids, for calibration and evaluation, and
// measures perplexities on them.
package texts

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/cmd/cli/modelname"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/eval"
	"github.com/adagp/adagp/models"
)

// defaultContext caps the window length when none is asked for: longer windows cost memory, and
// published results use this one.
const defaultContext = 2048

// OpenModel opens the model that --model names: headers only, every name and shape checked.
func OpenModel(s *session.Session, c *cli.Context) (*models.Model, error) {
	path, err := flags.Required(c, "model")
	if err != nil {
		return nil, err
	}
	if path, err = modelname.Resolve(s, path); err != nil {
		return nil, err
	}
	return models.Open(path)
}

// WindowLength returns the --seqlen to use with m: the flag's, checked against the model's
// positions, or the model's context capped at 2048.
func WindowLength(c *cli.Context, m *models.Model) (int, error) {
	context := m.Config().MaxPositions
	if !c.IsSet("seqlen") {
		if context < 1 {
			return defaultContext, nil
		}
		return min(context, defaultContext), nil
	}
	n := c.Int("seqlen")
	if context > 0 && n > context {
		return 0, exit.Usagef("--seqlen %d: the model has positions for %d tokens", n, context)
	}
	return n, nil
}

// maxCalibrationTokens bounds samples × seqlen, so that a mistyped number is an error and not an
// exhausted machine.
const maxCalibrationTokens = 1 << 28

// Check checks the flags that say which texts are read, and how much of them.
func Check(c *cli.Context) error {
	for _, name := range []string{"calib", "eval"} {
		if files := c.StringSlice(name); slices.Contains(files, "") {
			return exit.Usagef("--%s %q: want file names separated by commas", name, strings.Join(files, ","))
		}
	}
	if err := flags.AtLeast(c, 1, "samples"); err != nil {
		return err
	}
	if err := flags.AtLeast(c, 2, "seqlen"); err != nil {
		return err
	}
	if n, l := c.Int("samples"), max(c.Int("seqlen"), 2); n > maxCalibrationTokens/l {
		return exit.Usagef("--samples %d of %d tokens: want at most %d tokens in all", n, l, maxCalibrationTokens)
	}
	return nil
}

// tokenizerFor opens the model's tokenizer if the corpus is text; windows of ids need none.
func tokenizerFor(m *models.Model, c *data.Corpus) (data.Tokenizer, error) {
	if c.Windows != nil {
		return nil, nil
	}
	tok, err := tokenizer.Open(m.FS)
	if err != nil {
		return nil, fmt.Errorf("tokenizer of %s: %w (a .jsonl of input_ids needs none)", m.Path, err)
	}
	return tok, nil
}

// Calibration cuts the calibration windows for m out of the corpus.
func Calibration(m *models.Model, c *data.Corpus, w data.Windows) (*data.CalibrationSet, error) {
	tok, err := tokenizerFor(m, c)
	if err != nil {
		return nil, err
	}
	set, err := data.Calibration(tok, c, w)
	if err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	if err := checkWindows(m, set.IDs); err != nil {
		return nil, fmt.Errorf("calibration %s: %w", format.Files(c.Files), err)
	}
	return set, nil
}

// Evaluation cuts the corpus into evaluation windows for m; most bounds their number, 0 does not.
func Evaluation(m *models.Model, c *data.Corpus, length, most int) (windows [][]int, tokens int, err error) {
	tok, err := tokenizerFor(m, c)
	if err != nil {
		return nil, 0, err
	}
	windows, tokens, err = data.EvalWindows(tok, c, length, most)
	if err != nil {
		return nil, 0, fmt.Errorf("evaluation: %w", err)
	}
	if err := checkWindows(m, windows); err != nil {
		return nil, 0, fmt.Errorf("evaluation %s: %w", format.Files(c.Files), err)
	}
	return windows, tokens, nil
}

// checkWindows makes sure that m can read the windows: known ids, and no more of them than it has
// positions.
func checkWindows(m *models.Model, windows [][]int) error {
	if len(windows) == 0 {
		return fmt.Errorf("no windows")
	}
	most := m.Config().MaxPositions
	for i, ids := range windows {
		if len(ids) < 2 {
			return fmt.Errorf("window %d has %d tokens, want at least 2", i, len(ids))
		}
		if most > 0 && len(ids) > most {
			return fmt.Errorf("window %d has %d tokens, the model has positions for %d", i, len(ids), most)
		}
	}
	return data.CheckVocabulary(windows, m.Config().VocabSize)
}

// DefaultSamples is how many calibration windows there are unless --samples says otherwise.
const DefaultSamples = 128

// Perplexity measures a model whose weights are loaded, with progress under the given label.
func Perplexity(s *session.Session, label string, m models.CausalLM, windows [][]int) (eval.Result, error) {
	t := s.Progress.Start(label, len(windows), "windows")
	defer t.End()
	return eval.Perplexity(s.Ctx, m, windows, eval.Options{Progress: func(done, _ int) { t.Tick(done) }})
}
