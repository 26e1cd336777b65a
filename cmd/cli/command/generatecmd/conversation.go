package generatecmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/adagp/adagp/data/chat"
	"github.com/adagp/adagp/data/tokenizer"
	"github.com/adagp/adagp/models/generate"
)

// conversation puts what is said into the words of the model's chat template.
type conversation struct {
	template  *chat.Template
	tokenizer *tokenizer.Tokenizer
	said      []chat.Message // so far, from the message of the system on
	variables json.RawMessage
	started   time.Time
}

// openConversation returns nil where texts are to be continued as they are: without --chat and --apply-chat-template,
// and for --chat with a model that has no template.
func openConversation(w *writer, c *cli.Context) (*conversation, error) {
	if !c.Bool("chat") && !c.Bool("apply-chat-template") {
		return nil, nil
	}
	template, err := chat.Open(w.model.FS)
	asked := c.Bool("apply-chat-template") || c.IsSet("system") || c.IsSet("template-variables")
	if errors.Is(err, chat.ErrNoTemplate) && !asked {
		w.Progress.Line("the model has no chat template: lines go behind the text as they are typed")
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", w.model.Path, err)
	}
	t := &conversation{template: template, tokenizer: w.tokenizer, variables: json.RawMessage(c.String("template-variables")), started: time.Now()}
	if c.IsSet("system") {
		t.said = []chat.Message{{Role: "system", Content: c.String("system")}}
	}
	return t, nil
}

// encode returns the ids of the conversation with some more messages, up to where an answer begins.
func (t *conversation) encode(more []chat.Message) ([]int, error) {
	messages, err := chat.Messages(append(t.said[:len(t.said):len(t.said)], more...))
	if err != nil {
		return nil, err
	}
	text, err := t.template.Render(chat.Conversation{Messages: messages, Prompt: true, More: t.variables, Now: t.started})
	if err != nil {
		return nil, err
	}
	return t.tokenizer.EncodeSpecial(text), nil
}

// turn adds what the user says, and the model's answer. The whole conversation is put into words each time, as templates
// may leave out what was thought in former turns.
func (t *conversation) turn(ctx context.Context, talk *generate.Session, line string) (generate.Result, generate.Stats, error) {
	t.said = append(t.said, chat.Message{Role: "user", Content: line})
	ids, err := t.encode(nil)
	if err != nil {
		return generate.Result{}, generate.Stats{}, err
	}
	r, stats, err := talk.Continue(ctx, ids)
	t.said = append(t.said, chat.Message{Role: "assistant", Content: r.Text})
	return r, stats, err
}
