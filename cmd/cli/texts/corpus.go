package texts

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/adagp/adagp/cmd/cli/exit"
	"github.com/adagp/adagp/cmd/cli/flags"
	"github.com/adagp/adagp/cmd/cli/session"
	"github.com/adagp/adagp/data"
	"github.com/adagp/adagp/data/chat"
	"github.com/adagp/adagp/models"
)

// Embedded is the name of the texts that are part of the program.
const Embedded = "embedded"

// Kinds says what files of texts may be, for help texts.
const Kinds = "text (.txt, .md), or rows (.jsonl, .json, .parquet) with \"text\", \"input_ids\" or \"messages\", also .gz or .zst; a folder or a pattern; - for stdin; embedded"

// ChatTemplate returns the flag for rows of messages.
func ChatTemplate(category string) flags.Flag {
	return flags.Flag{Name: "apply-chat-template", Usage: "put rows of \"messages\" into the words of the model's chat template, each by itself", Kind: flags.Switch, Category: category}
}

// Corpus reads the texts that a flag names; instead is the embedded text. With template, conversations are put into the
// words of the model's chat template.
func Corpus(s *session.Session, m *models.Model, files []string, template bool, instead func() *data.Corpus) (*data.Corpus, error) {
	if len(files) == 0 || slices.Equal(files, []string{Embedded}) {
		return instead(), nil
	}
	if slices.Contains(files, Embedded) {
		return nil, exit.Usagef("%s stands for the text in the program, and by itself", Embedded)
	}
	r := &data.Reader{Stdin: s.Stdin}
	if template {
		var err error
		if r.Chat, err = Conversations(m.FS); err != nil {
			return nil, fmt.Errorf("--apply-chat-template: model %s: %w", m.Path, err)
		}
	}
	return r.Corpus(files)
}

// Conversations returns what makes texts of conversations: the chat template of a model folder. The time that a template
// may write is one for all rows and all runs, so that these can be repeated.
func Conversations(model fs.FS) (func(messages, tools json.RawMessage) (string, error), error) {
	template, err := chat.Open(model)
	if err != nil {
		return nil, err
	}
	return func(messages, tools json.RawMessage) (string, error) {
		return template.Render(chat.Conversation{Messages: messages, Tools: tools, Now: time.Unix(0, 0).UTC()})
	}, nil
}
