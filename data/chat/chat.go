// Package chat turns conversations into the text that a model was trained on, by the chat template in the model's
// folder, as transformers' apply_chat_template does.
package chat

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/adagp/adagp/data/jinja"
	"github.com/adagp/adagp/internal/inputfile"
)

// Files of a model folder that hold templates and the special tokens that they write.
const (
	templateFile = "chat_template.jinja"
	objectFile   = "chat_template.json"
	configFile   = "tokenizer_config.json"
	specialFile  = "special_tokens_map.json"
)

// Bounds on the files.
const (
	maxConfig   = 128 << 20 // as package tokenizer has it
	maxTemplate = 4 << 20
)

// ErrNoTemplate is wrapped by the error of Open for a folder without a chat template.
var ErrNoTemplate = errors.New("the model has no chat template")

// Template is a model's chat template. It may be used by several goroutines.
type Template struct {
	file    string // where it stands, for errors
	plain   *jinja.Template
	tools   *jinja.Template // for conversations with tools; nil: the same
	special map[string]string
}

// Open reads the chat template of a model folder: chat_template.jinja, else chat_template.json, else the field
// chat_template of tokenizer_config.json, which may hold several ("default", "tool_use").
func Open(fsys fs.FS) (*Template, error) {
	t := &Template{special: map[string]string{}}
	var config struct {
		Template json.RawMessage `json:"chat_template"`
	}
	for _, file := range []string{specialFile, configFile} { // the second one wins
		b, err := inputfile.Read(fsys, file, maxConfig)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = t.readSpecial(b)
		}
		if err == nil && file == configFile {
			err = inputfile.ParseJSON(b, &config)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, inputfile.Cause(err))
		}
	}
	source, err := inputfile.Read(fsys, templateFile, maxTemplate)
	if err == nil {
		t.file = templateFile
		t.plain, err = jinja.Parse(string(source))
		return t, t.named(err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", templateFile, inputfile.Cause(err))
	}
	t.file = configFile
	object, err := inputfile.Read(fsys, objectFile, maxTemplate)
	if err == nil {
		t.file = objectFile
		err = inputfile.ParseJSON(object, &config)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", objectFile, inputfile.Cause(err))
	}
	return t, t.named(t.parse(config.Template))
}

// named adds the file to an error.
func (t *Template) named(err error) error {
	if err == nil || errors.Is(err, ErrNoTemplate) {
		return err
	}
	return fmt.Errorf("chat template in %s: %w", t.file, err)
}

// readSpecial takes the special tokens of a file: strings, or objects with content.
func (t *Template) readSpecial(text []byte) error {
	var fields map[string]json.RawMessage
	if err := inputfile.ParseJSON(text, &fields); err != nil {
		return err
	}
	for _, name := range []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"} {
		var object struct {
			Content *string `json:"content"`
		}
		var plain *string
		if json.Unmarshal(fields[name], &plain) != nil && json.Unmarshal(fields[name], &object) == nil {
			plain = object.Content
		}
		if plain != nil {
			t.special[name] = *plain
		}
	}
	return nil
}

// parse reads the value of chat_template: one template, or a list of named ones.
func (t *Template) parse(value json.RawMessage) error {
	var one string
	var list []struct{ Name, Template string }
	switch {
	case len(value) == 0 || string(value) == "null":
		return ErrNoTemplate
	case json.Unmarshal(value, &one) == nil:
		list = append(list, struct{ Name, Template string }{"default", one})
	case json.Unmarshal(value, &list) != nil:
		return errors.New("want a text, or a list of objects with name and template")
	}
	for _, named := range list {
		parsed, err := jinja.Parse(named.Template)
		if err != nil {
			return err
		}
		switch named.Name {
		case "default":
			t.plain = parsed
		case "tool_use":
			t.tools = parsed
		}
	}
	if t.plain == nil {
		return errors.New(`no template has the name "default"`)
	}
	return nil
}

// Message is one turn of a conversation.
type Message struct {
	Role    string `json:"role"` // system, user, assistant
	Content string `json:"content"`
}

// Conversation is what a template is given.
type Conversation struct {
	// Messages is a JSON list of messages, objects with role and content and whatever else the template knows.
	Messages json.RawMessage
	// Tools and Documents are JSON lists, or empty.
	Tools, Documents json.RawMessage
	// Prompt asks for the beginning of an answer behind the messages (add_generation_prompt).
	Prompt bool
	// More are further variables of the template, as a JSON object, or empty: {"enable_thinking": false}.
	More json.RawMessage
	// Now is what templates take for the current time.
	Now time.Time
}

// Messages makes the JSON of plain messages.
func Messages(list []Message) (json.RawMessage, error) { return json.Marshal(list) }

// Render returns the text of a conversation. Special tokens stand in it as they are spelled; the text gets no BOS
// besides the one that the template writes.
func (t *Template) Render(c Conversation) (string, error) {
	variables := jinja.NewDict()
	for name, token := range t.special {
		variables.Set(name, token)
	}
	variables.Set("add_generation_prompt", c.Prompt)
	template := t.plain
	for _, part := range []struct {
		name  string
		value json.RawMessage
	}{{"messages", c.Messages}, {"tools", c.Tools}, {"documents", c.Documents}} {
		var v any
		if len(part.value) > 0 {
			var err error
			if v, err = jinja.FromJSON(part.value); err != nil {
				return "", fmt.Errorf("%s of a conversation: %w", part.name, err)
			}
		}
		if _, ok := v.(*jinja.List); !ok && (v != nil || part.name == "messages") {
			return "", fmt.Errorf("%s of a conversation: want a list", part.name)
		}
		if part.name == "tools" && v != nil && t.tools != nil {
			template = t.tools
		}
		variables.Set(part.name, v)
	}
	if len(c.More) > 0 {
		v, err := jinja.FromJSON(c.More)
		more, ok := v.(*jinja.Dict)
		if err == nil && !ok {
			err = errors.New("want a JSON object")
		}
		if err != nil {
			return "", fmt.Errorf("variables of a chat template: %w", err)
		}
		for _, k := range more.Keys() {
			v, _ := more.Get(k)
			variables.Set(k, v)
		}
	}
	text, err := template.Render(variables, c.Now)
	return text, t.named(err)
}
