package tokenizecmd

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/cmd/cli/command"
	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/modelname"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/cmd/cli/texts"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/internal/inputfile"
	"github.com/adagp/adagp/models"
)

// Command returns the command tokenize.
func Command(p *session.Process) *cli.Command {
	return command.New(p, command.Command{
		Name:     "tokenize",
		Summary:  "turn a text into token ids, or ids into text",
		Synopsis: exit.Program + " tokenize --model DIR [--text FILE] [flags]",
		Description: `Prints a line for each token: its id and how the tokenizer's file spells it. The text is --text, or what
stdin holds; its ids are those that calibration and eval see. Of the model only the tokenizer's files are
read. With --decode the input is ids: numbers between spaces, line ends or commas, or the output of
tokenize --json; the text that they stand for is printed.`,
		Flags: []flags.Flag{
			flags.Model(),
			{Name: "text", Argument: "FILE", Usage: "FILE with the text, as for eval: .txt, .jsonl, .jsonl.gz; of any name with --decode", Without: "stdin"},
			texts.ChatTemplate(""),
			{Name: "special", Usage: "read special tokens in the text as such; with --decode, write them out", Kind: flags.Switch},
			{Name: "no-bos", Usage: "leave out the tokens that the tokenizer puts around a text", Kind: flags.Switch},
			{Name: "decode", Usage: "turn ids into text", Kind: flags.Switch},
		},
		Examples: []string{
			"tokenize --model demo:llama --text my-text.txt",
			"tokenize --model demo:opt --decode --text ids.json",
		},
		Without: []string{"threads", "kernel", "seed", "no-progress"},
		Run:     runTokenize,
	})
}

// Result is the JSON of docs/contract.md.
type Result struct {
	Text   *string `json:"text,omitempty"` // with --decode
	Tokens []Token `json:"tokens"`
	IDs    []int   `json:"ids"`
}

// Token is one id with its spelling.
type Token struct {
	ID    int    `json:"id"`
	Piece string `json:"piece"`
}

func runTokenize(s *session.Session, c *cli.Context) error {
	path, err := flags.Required(c, "model")
	if err != nil {
		return err
	}
	if c.IsSet("text") && c.String("text") == "" {
		return exit.Usagef(`--text "": want the name of a file`)
	}
	if c.Bool("decode") && c.Bool("no-bos") {
		return exit.Usagef("--decode and --no-bos exclude each other: the tokens around a text are special, and --decode gives no text for them without --special")
	}
	if path, err = modelname.Resolve(s, path); err != nil {
		return err
	}
	files, err := models.Folder(path)
	if err != nil {
		return err
	}
	tok, err := tokenizer.Open(files)
	if err != nil {
		return fmt.Errorf("tokenizer of %s: %w", path, err)
	}
	if c.Bool("decode") {
		return decode(s, c, tok)
	}
	corpus, err := inputText(s, c, files)
	if err != nil {
		return err
	}
	ids, err := data.IDs(&asAsked{tok, c.Bool("special"), c.Bool("no-bos")}, corpus)
	if err != nil {
		return err
	}
	res := newResult(tok, ids)
	return s.Result(res, func(w io.Writer) {
		for _, t := range res.Tokens {
			fmt.Fprintf(w, "%7d  %q\n", t.ID, t.Piece)
		}
	})
}

func newResult(tok *tokenizer.Tokenizer, ids []int) *Result {
	res := &Result{Tokens: make([]Token, len(ids)), IDs: ids}
	for i, id := range ids {
		res.Tokens[i] = Token{id, tok.Piece(id)}
	}
	return res
}

// inputText reads --text or stdin.
func inputText(s *session.Session, c *cli.Context, model fs.FS) (*data.Corpus, error) {
	if !c.IsSet("text") {
		in, err := texts.Stdin(s, "tokenize", "--text, or a text")
		if err != nil {
			return nil, err
		}
		return data.ReadText("stdin", in)
	}
	r := &data.Reader{Stdin: s.Stdin}
	if c.Bool("apply-chat-template") {
		var err error
		if r.Chat, err = texts.Conversations(model); err != nil {
			return nil, fmt.Errorf("--apply-chat-template: %w", err)
		}
	}
	corpus, err := r.Corpus([]string{c.String("text")})
	if err == nil && corpus.Windows != nil {
		err = fmt.Errorf("--text %s holds input_ids, want text; --decode turns ids into text", c.String("text"))
	}
	return corpus, err
}

// asAsked is a tokenizer as the flags want it. It takes a text that may hold special tokens whole, as these may
// reach over the places where others can be cut.
type asAsked struct {
	*tokenizer.Tokenizer
	special, bare bool
}

func (a *asAsked) Encode(text string) []int {
	if a.special {
		return a.EncodeSpecial(text)
	}
	return a.Tokenizer.Encode(text)
}

func (a *asAsked) Cut(text string) (end, next int) {
	if a.special {
		return 0, 0
	}
	return a.Tokenizer.Cut(text)
}

func (a *asAsked) BOS() (int, bool) {
	id, ok := a.Tokenizer.BOS()
	return id, ok && !a.bare
}

func (a *asAsked) End() []int {
	if a.bare {
		return nil
	}
	return a.Tokenizer.End()
}

// decode is tokenize --decode. The text is printed as it is, without a line end, so that it can be compared.
func decode(s *session.Session, c *cli.Context, tok *tokenizer.Tokenizer) error {
	ids, err := readIDs(s, c, tok)
	if err != nil {
		return err
	}
	text := tok.Decode(ids)
	if c.Bool("special") {
		text = tok.DecodeSpecial(ids)
	}
	if !s.JSON {
		return s.Print([]byte(text))
	}
	res := newResult(tok, ids)
	res.Text = &text
	return s.Result(res, nil)
}

// readIDs reads the ids of --text or stdin and checks that the tokenizer has them.
func readIDs(s *session.Session, c *cli.Context, tok *tokenizer.Tokenizer) ([]int, error) {
	name := "stdin"
	var text string
	if c.IsSet("text") {
		name = c.String("text")
		f, err := inputfile.OpenText(name)
		if err != nil {
			return nil, fmt.Errorf("--text: %w", err)
		}
		defer f.Close()
		if text, err = texts.Read(name, f); err != nil {
			return nil, err
		}
	} else {
		in, err := texts.Stdin(s, "tokenize", "--text with --decode, or ids")
		if err != nil {
			return nil, err
		}
		if text, err = texts.Read(name, in); err != nil {
			return nil, err
		}
	}
	ids, err := parseIDs([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for i, id := range ids {
		if id < 0 || id >= tok.VocabSize() {
			return nil, fmt.Errorf("%s: id %d at place %d, want 0 to %d", name, id, i+1, tok.VocabSize()-1)
		}
	}
	return ids, nil
}

// parseIDs reads a JSON object with ids, a JSON list, or numbers with anything like spaces and commas between.
func parseIDs(text []byte) (ids []int, err error) {
	switch text = bytes.TrimSpace(text); {
	case bytes.HasPrefix(text, []byte("{")):
		var object struct {
			IDs *[]int `json:"ids"`
		}
		if err := inputfile.ParseJSON(text, &object); err != nil {
			return nil, err
		}
		if object.IDs == nil {
			return nil, fmt.Errorf(`the object has no "ids", want what tokenize --json writes`)
		}
		return *object.IDs, nil
	case bytes.HasPrefix(text, []byte("[")):
		err := inputfile.ParseJSON(text, &ids)
		return ids, err
	}
	for _, word := range strings.FieldsFunc(string(text), func(r rune) bool { return strings.ContainsRune(" \t\r\n,", r) }) {
		id, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("%.40q is no id, want numbers, a JSON list of them, or what tokenize --json writes", word)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
