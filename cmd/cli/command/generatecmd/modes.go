package generatecmd

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/adagp/adagp/cmd/cli/format"
	"github.com/adagp/adagp/models/generate"
)

// one continues a single prompt: text on stdout as it comes, or the JSON at the end.
func (w *writer) one(prompt string) error {
	ids, err := w.encode(prompt, true)
	if err != nil {
		return err
	}
	ctx, giveUp := context.WithCancelCause(w.Ctx)
	defer giveUp(nil)
	if !w.JSON {
		w.streamText(giveUp)
	}
	results, stats, err := generate.Run(ctx, w.model, w.tokenizer, [][]int{ids}, w.options)
	if broken := w.gaveUp(ctx); broken != nil {
		return broken
	}
	if err != nil && w.Ctx.Err() == nil {
		return err
	}
	// What there is by now is worth something after an interrupt as well.
	r := Generation{Prompt: prompt, PromptTokens: len(ids), Reason: string(generate.Interrupted)}
	if len(results) == 1 && results[0].Reason != "" {
		r = newGeneration(prompt, ids, results[0])
	}
	var printed error
	if w.JSON {
		printed = w.Result(Result{r, w.rates(stats)}, nil)
	} else {
		printed = w.Print([]byte("\n"))
		w.tell(stats, " ("+r.Reason+")")
	}
	return errors.Join(err, printed)
}

// streamText prints the text as it comes. When stdout takes no more, nobody wants the rest, and giveUp
// gets to know why.
func (w *writer) streamText(giveUp context.CancelCauseFunc) {
	w.options.Text = func(_ int, piece string) {
		if _, err := io.WriteString(w.Stdout, piece); err != nil {
			giveUp(fmt.Errorf("write the text to stdout: %w", err))
		}
	}
}

// gaveUp returns why the work under ctx was given up; nil when it was not, or was interrupted.
func (w *writer) gaveUp(ctx context.Context) error {
	if w.Ctx.Err() != nil {
		return nil
	}
	return context.Cause(ctx)
}

func newGeneration(prompt string, ids []int, r generate.Result) Generation {
	return Generation{prompt, r.Text, len(ids), len(r.Tokens), string(r.Reason)}
}

// all continues the prompts of a file: a line of JSON for each, or one object at the end.
func (w *writer) all(prompts []string) error {
	ids := make([][]int, len(prompts))
	for i, p := range prompts {
		var err error
		if ids[i], err = w.encode(p, true); err != nil {
			return fmt.Errorf("prompt %d: %w", i+1, err)
		}
	}
	w.Progress.Line("generating: %d prompts", len(prompts))
	t := w.Progress.Start("generating", len(prompts), "prompts")
	done, next, complete := 0, 0, make([]*Generation, len(prompts))
	ctx, giveUp := context.WithCancelCause(w.Ctx)
	defer giveUp(nil)
	w.options.Done = func(i int, r generate.Result) {
		g := newGeneration(prompts[i], ids[i], r)
		complete[i] = &g
		done++
		for ; !w.JSON && ctx.Err() == nil && next < len(prompts) && complete[next] != nil; next++ {
			if err := w.line(*complete[next]); err != nil {
				giveUp(err)
			}
		}
		t.Tick(done)
	}
	results, stats, err := generate.Run(ctx, w.model, w.tokenizer, ids, w.options)
	t.End()
	if broken := w.gaveUp(ctx); broken != nil {
		return broken
	}
	if err != nil && w.Ctx.Err() == nil {
		return err
	}
	if w.JSON {
		out := Results{Results: []Generation{}, generationRates: w.rates(stats)}
		for i, r := range results {
			if r.Reason == "" {
				continue // not begun before the interrupt
			}
			out.Results = append(out.Results, newGeneration(prompts[i], ids[i], r))
		}
		return errors.Join(err, w.Result(out, nil))
	}
	w.tell(stats, "")
	return err
}

// line prints a result as one line of JSON.
func (w *writer) line(g Generation) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(g); err != nil {
		return fmt.Errorf("write the result as JSON: %w", err)
	}
	return w.Print([]byte(b.String()))
}

// chat takes turns with stdin until it ends or the model's context is full.
func (w *writer) chat(start string) error {
	ctx, giveUp := context.WithCancelCause(w.Ctx)
	defer giveUp(nil)
	w.streamText(giveUp)
	talk, err := generate.NewSession(w.model, w.tokenizer, w.options)
	if err != nil {
		return err
	}
	f, ok := w.Stdin.(*os.File)
	terminal := ok && term.IsTerminal(int(f.Fd()))
	lines := w.readLines()
	var total generate.Stats
	for {
		if terminal {
			fmt.Fprint(w.Stderr, "> ")
		}
		var line typed
		ok := false
		select {
		case line, ok = <-lines:
		case <-w.Ctx.Done():
		}
		if err := errors.Join(w.Ctx.Err(), line.err); err != nil {
			return err
		}
		if !ok {
			break
		}
		r, stats, err := w.turn(ctx, talk, start+line.text)
		start = ""
		total.Add(stats)
		var full *generate.ContextError
		if errors.As(err, &full) {
			w.Log.Warn("the text has become too long for the model", "tokens", full.Tokens, "context", full.Positions)
			break
		}
		if !strings.HasSuffix(r.Text, "\n") {
			w.options.Text(0, "\n")
		}
		if broken := w.gaveUp(ctx); broken != nil {
			return broken
		}
		if err != nil {
			return err
		}
		if r.Reason == generate.ContextFull {
			w.Log.Warn("the text has filled the model's context", "tokens", talk.Len())
			break
		}
	}
	w.tell(total, "")
	return nil
}

// turn adds what was typed to the text, by itself or in the words of the chat template, and lets the model go on.
func (w *writer) turn(ctx context.Context, talk *generate.Session, line string) (generate.Result, generate.Stats, error) {
	if w.words != nil {
		return w.words.turn(ctx, talk, line)
	}
	ids, err := w.encode(line+"\n", talk.Len() == 0)
	if err != nil {
		return generate.Result{}, generate.Stats{}, err
	}
	return talk.Extend(ctx, ids)
}

// typed is a line of stdin, or why there is none.
type typed struct {
	text string
	err  error
}

// readLines gives the lines of stdin, read beside the work so that an interrupt need not wait for one.
func (w *writer) readLines() <-chan typed {
	lines := make(chan typed)
	send := func(t typed) bool {
		select {
		case lines <- t:
			return true
		case <-w.Ctx.Done():
			return false
		}
	}
	go func() {
		defer close(lines)
		in := bufio.NewScanner(w.Stdin)
		in.Buffer(nil, MaxPrompt)
		n := 1
		for ; in.Scan(); n++ {
			if !send(typed{text: in.Text()}) {
				return
			}
		}
		switch err := in.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			send(typed{err: fmt.Errorf("read stdin, line %d: more than %s", n, format.Bytes(MaxPrompt))})
		case err != nil:
			send(typed{err: fmt.Errorf("read stdin, line %d: %w", n, err)})
		}
	}()
	return lines
}
