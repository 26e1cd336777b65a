package chat_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/data/chat"
	"github.com/adagp/adagp/data/jinja"
)

const lines = "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"

func text(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// TestOpen: where the template and its tokens come from, and which of them count.
func TestOpen(t *testing.T) {
	conversation := chat.Conversation{Messages: json.RawMessage(`[{"role":"user","content":"hi"}]`), Prompt: true}
	for name, c := range map[string]struct {
		files fstest.MapFS
		tools string
		want  string
	}{
		"field of the configuration": {fstest.MapFS{"tokenizer_config.json": text(`{"bos_token":"<s>","eos_token":{"content":"</s>","lstrip":false},"chat_template":` + quoted(lines) + `}`)}, "",
			"<s>user: hi</s>\nassistant:"},
		"file before field": {fstest.MapFS{"tokenizer_config.json": text(`{"bos_token":"<s>","chat_template":"no"}`), "chat_template.jinja": text(lines)}, "",
			"<s>user: hi\nassistant:"},
		"object":            {fstest.MapFS{"tokenizer_config.json": text(`{"chat_template":"no"}`), "chat_template.json": text(`{"chat_template":"{{ messages | length }}"}`)}, "", "1"},
		"tokens of a map":   {fstest.MapFS{"special_tokens_map.json": text(`{"bos_token":"<b>","eos_token":"<e>"}`), "tokenizer_config.json": text(`{"eos_token":"<f>","bos_token":null}`), "chat_template.jinja": text(lines)}, "", "<b>user: hi<f>\nassistant:"},
		"several, no tools": {fstest.MapFS{"tokenizer_config.json": text(`{"chat_template":[{"name":"tool_use","template":"tools"},{"name":"default","template":"plain"}]}`)}, "", "plain"},
		"several, tools":    {fstest.MapFS{"tokenizer_config.json": text(`{"chat_template":[{"name":"tool_use","template":"tools"},{"name":"default","template":"plain"}]}`)}, "[]", "tools"},
	} {
		t.Run(name, func(t *testing.T) {
			template, err := chat.Open(c.files)
			if err != nil {
				t.Fatal(err)
			}
			conversation.Tools = json.RawMessage(c.tools)
			if got, err := template.Render(conversation); got != c.want || err != nil {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{"nothing": {}, "null": {"tokenizer_config.json": text(`{"chat_template":null}`)}} {
		if _, err := chat.Open(files); !errors.Is(err, chat.ErrNoTemplate) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, files := range map[string]fstest.MapFS{
		"chat template in chat_template.jinja: template, line 2: unknown block": {"chat_template.jinja": text("a\n{% foo %}")},
		"chat template in tokenizer_config.json: want a text, or a list":        {"tokenizer_config.json": text(`{"chat_template":7}`)},
		`no template has the name "default"`:                                    {"tokenizer_config.json": text(`{"chat_template":[{"name":"x","template":"y"}]}`)},
		"tokenizer_config.json: ":                                               {"tokenizer_config.json": text(`{`)},
	} {
		if _, err := chat.Open(files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestRenderErrors: what a template refuses names the file and the line.
func TestRenderErrors(t *testing.T) {
	template, err := chat.Open(fstest.MapFS{"chat_template.jinja": text("\n{% if not x %}{{ raise_exception('roles must alternate') }}{% endif %}")})
	if err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]chat.Conversation{
		"chat template in chat_template.jinja: template, line 2: roles must alternate": {Messages: json.RawMessage(`[]`)},
		"messages of a conversation: want a list":                                      {Messages: json.RawMessage(`{}`)},
		"messages of a conversation: ":                                                 {Messages: json.RawMessage(`[`)},
		"tools of a conversation: want a list":                                         {Messages: json.RawMessage(`[]`), Tools: json.RawMessage(`1`)},
		"want a JSON object":                                                           {Messages: json.RawMessage(`[]`), More: json.RawMessage(`1`)},
	} {
		_, err := template.Render(c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		var place *jinja.Error
		if strings.Contains(want, "line") && !errors.As(err, &place) {
			t.Errorf("%v is no *jinja.Error", err)
		}
	}
	if _, err := template.Render(chat.Conversation{Messages: json.RawMessage(`[]`), More: json.RawMessage(`{"x":true}`)}); err != nil {
		t.Error(err)
	}
}

// TestOpenFolder opens a folder of the operating system, where files may be other things.
func TestOpenFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/chat_template.jinja", 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := chat.Open(os.DirFS(dir)); err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, chat.ErrNoTemplate) {
		t.Errorf("a folder in the place of a template: %v", err)
	}
}
