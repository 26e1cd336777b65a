package generatecmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/command"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/cmd/cli/texts"
	"github.com/adagp/adagp/data/chat"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/inputfile"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/generate"
	"github.com/adagp/adagp/nn"
)

// Command returns the command generate.
func Command(p *session.Process) *cli.Command {
	return command.New(p, command.Command{
		Name:     "generate",
		Summary:  "continue texts with a model",
		Synopsis: exit.Program + " generate --model DIR --prompt TEXT [flags]",
		Description: `Prints what the model makes of a prompt, as it comes; tokens per second are told on stderr at the
end. The prompt is --prompt, or what stdin holds. With --prompts each line of FILE is a prompt: they
are decoded side by side, and stdout gets a line of JSON for each, in their order. With --chat every
line that is typed is a turn of a conversation, which the model's chat template puts into words; without
such a template it goes behind the text so far. --apply-chat-template makes a conversation of each prompt.
Weights are used as they are stored, in half precision or packed, unless --weights is float32.`,
		Flags: []flags.Flag{
			flags.Model(),
			{Name: "prompt", Argument: "TEXT", Usage: "TEXT to continue"},
			{Name: "prompts", Argument: "FILE", Usage: "FILE with a prompt per line"},
			{Name: "chat", Usage: "take turns with stdin", Kind: flags.Switch},
			{Name: "apply-chat-template", Usage: "take each prompt for what a user says, in the words of the model's chat template", Kind: flags.Switch},
			{Name: "system", Argument: "TEXT", Usage: "TEXT of the system, ahead of what the user says (with a chat template)"},
			{Name: "template-variables", Argument: "JSON", Usage: "further variables for the chat template, as an object: {\"enable_thinking\": false}"},
			{Name: "max-tokens", Argument: "N", Usage: "end a text after N tokens", Kind: flags.Whole, Default: 128},
			{Name: "temperature", Argument: "T", Usage: "T that the logits are divided by; 0 takes the likeliest token each time", Kind: flags.Number, Default: 0.8},
			{Name: "top-k", Argument: "K", Usage: "draw from the likeliest K tokens only", Kind: flags.Whole, Without: "all"},
			{Name: "top-p", Argument: "P", Usage: "draw from the fewest tokens that have probability P together; 1: from all", Kind: flags.Number, Default: 0.95},
			{Name: "min-p", Argument: "SHARE", Usage: "draw from tokens with SHARE of the probability of the likeliest at least", Kind: flags.Number, Without: "all"},
			{Name: "repetition-penalty", Argument: "R", Usage: "make tokens that occurred less likely by a factor of R on their logits", Kind: flags.Number, Default: float64(1)},
			{Name: "stop", Argument: "STRING", Usage: "end a text before STRING, in which \\n, \\t and \\\\ stand for what they usually do; may repeat", Parse: &stopStrings{}},
			{Name: "weights", Argument: "FORM", Usage: "FORM of the weights in memory: stored, mapped (left in the file, for models larger than memory) or float32", Default: "stored"},
			{Name: "batch", Argument: "N", Usage: "decode N prompts of a file side by side", Kind: flags.Whole, Default: 8},
		},
		Examples: []string{
			`generate --model demo:llama --prompt "The old man"`,
			"generate --model packed --prompts prompts.txt --temperature 0 --max-tokens 32 --json",
		},
		Run: runGenerate,
	})
}

// stopStrings is a flag that may repeat. Unlike cli's own kind it leaves commas alone.
type stopStrings struct{ list []string }

func (s *stopStrings) Set(v string) error {
	s.list = append(s.list, strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t").Replace(v))
	return nil
}

func (s *stopStrings) String() string { return "" }

// Generation is one continuation in the JSON of docs/contract.md.
type Generation struct {
	Prompt       string `json:"prompt"`
	Text         string `json:"text"`
	PromptTokens int    `json:"prompt_tokens"`
	Tokens       int    `json:"tokens"`
	Reason       string `json:"reason"`
}

// generationRates are the speeds of a run.
type generationRates struct {
	PromptRate float64 `json:"prompt_tokens_per_second"`
	DecodeRate float64 `json:"decode_tokens_per_second"`
	Weights    string  `json:"weights"`
	Threads    int     `json:"threads"`
	Seed       uint64  `json:"seed"`
}

// Result is the JSON for one prompt.
type Result struct {
	Generation
	generationRates
}

// Results is the JSON for a file of prompts.
type Results struct {
	Results []Generation `json:"results"`
	generationRates
}

// writer is a model at work: what the three ways of asking have in common.
type writer struct {
	*session.Session
	model     *models.Model
	tokenizer *tokenizer.Tokenizer
	words     *conversation // nil: texts are continued as they are
	options   generate.Options
	weights   string
}

func runGenerate(s *session.Session, c *cli.Context) error {
	w := &writer{Session: s, weights: c.String("weights"), options: generate.Options{
		MaxTokens: c.Int("max-tokens"), Temperature: c.Float64("temperature"), TopK: c.Int("top-k"), TopP: c.Float64("top-p"),
		MinP: c.Float64("min-p"), RepetitionPenalty: c.Float64("repetition-penalty"), Seed: s.Seed, Batch: c.Int("batch"),
	}}
	if g, ok := c.Generic("stop").(*stopStrings); ok {
		w.options.Stop = g.list
	}
	if err := checkGenerate(s, c, w.options); err != nil {
		return err
	}
	prompts, err := readPrompts(s, c)
	if err != nil {
		return err
	}
	if w.model, err = texts.OpenModel(s, c); err != nil {
		return err
	}
	defer w.model.Close()
	if w.tokenizer, err = tokenizer.Open(w.model.FS); err != nil {
		return fmt.Errorf("tokenizer of %s: %w", w.model.Path, err)
	}
	if w.options.EOS, err = generate.ReadEOS(w.model.FS); err != nil {
		return fmt.Errorf("model %s: %w", w.model.Path, err)
	}
	if w.words, err = openConversation(w, c); err != nil {
		return err
	}
	load := map[string]func(func(func(*nn.Param))) error{
		"stored": w.model.LoadStored, "mapped": w.model.LoadMapped, "float32": w.model.Load,
	}[w.weights]
	if err := load(w.model.Walk); err != nil {
		return err
	}
	switch {
	case c.Bool("chat"):
		return w.chat(c.String("prompt"))
	case c.IsSet("prompts"):
		return w.all(prompts)
	}
	return w.one(prompts[0])
}

// checkGenerate checks the flags by themselves.
func checkGenerate(s *session.Session, c *cli.Context, o generate.Options) error {
	if _, err := flags.Required(c, "model"); err != nil {
		return err
	}
	if err := flags.AtLeast(c, 1, "max-tokens", "top-k", "batch"); err != nil {
		return err
	}
	if p := c.Float64("repetition-penalty"); !(p > 0) {
		return exit.Usagef("--repetition-penalty %v: want a number above 0", p)
	}
	if err := o.Check(); err != nil {
		return exit.Usagef("--%w", err)
	}
	if v := c.String("weights"); v != "stored" && v != "mapped" && v != "float32" {
		return exit.Usagef("--weights %q: want stored, mapped or float32", v)
	}
	if c.IsSet("prompts") && (c.IsSet("prompt") || c.Bool("chat")) {
		return exit.Usagef("--prompts excludes --prompt and --chat")
	}
	if c.IsSet("system") || c.IsSet("template-variables") {
		if !c.Bool("chat") && !c.Bool("apply-chat-template") {
			return exit.Usagef("--system and --template-variables want --chat or --apply-chat-template")
		}
	}
	if c.Bool("chat") && s.JSON {
		return exit.Usagef("--chat and --json exclude each other")
	}
	return nil
}

// MaxPrompt bounds a prompt, in bytes.
const MaxPrompt = texts.MaxRead

// readPrompts returns the prompts of --prompts, or the one of --prompt or stdin.
func readPrompts(s *session.Session, c *cli.Context) ([]string, error) {
	switch {
	case c.Bool("chat"):
		return nil, nil
	case c.IsSet("prompt"):
		return []string{c.String("prompt")}, nil
	case !c.IsSet("prompts"):
		in, err := texts.Stdin(s, "generate", "--prompt, --prompts, --chat, or a prompt")
		if err != nil {
			return nil, err
		}
		text, err := texts.Read("stdin", in)
		return []string{strings.TrimSuffix(text, "\n")}, err
	}
	name := c.String("prompts")
	f, err := inputfile.OpenText(name)
	if err != nil {
		return nil, fmt.Errorf("--prompts: %w", err)
	}
	defer f.Close()
	text, err := texts.Read(name, f)
	if err != nil {
		return nil, err
	}
	prompts := strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	if text == "" {
		return nil, fmt.Errorf("--prompts %s: the file is empty", name)
	}
	return prompts, nil
}

// encode turns a prompt into ids, with the BOS of the tokenizer in front of the first.
func (w *writer) encode(prompt string, first bool) ([]int, error) {
	if w.words != nil {
		return w.words.encode([]chat.Message{{Role: "user", Content: prompt}})
	}
	ids := w.tokenizer.Encode(prompt)
	if bos, ok := w.tokenizer.BOS(); ok && first {
		ids = append([]int{bos}, ids...)
	}
	if len(ids) == 0 {
		return nil, errors.New("the prompt is empty, and the tokenizer has no token to begin with")
	}
	return ids, nil
}

func (w *writer) rates(s generate.Stats) generationRates {
	return generationRates{s.PromptRate(), s.DecodeRate(), w.weights, session.Threads(), w.Seed}
}

// tell reports the speeds on stderr. The first token of a text comes of the pass over its prompt.
func (w *writer) tell(s generate.Stats, why string) {
	w.Progress.Summary("prompt: %d tokens, %.1f tokens/s; text: %d tokens after the first, %.1f tokens/s%s",
		s.PromptTokens, s.PromptRate(), s.DecodeTokens, s.DecodeRate(), why)
}
