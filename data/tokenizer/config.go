package tokenizer

import (
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/adagp/adagp/internal/inputfile"
)

// config is what tokenizer_config.json says; the zero value stands for a missing file.
type config struct {
	AddBOSToken    *bool     `json:"add_bos_token"`
	AddPrefixSpace *bool     `json:"add_prefix_space"`
	BOSToken       tokenName `json:"bos_token"`
	EOSToken       tokenName `json:"eos_token"`
	PadToken       tokenName `json:"pad_token"`
	UnkToken       tokenName `json:"unk_token"`
}

// tokenName is a token given as a string, as an object with a content field, or as null.
type tokenName string

func (n *tokenName) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*n = tokenName(s)
		return nil
	}
	var object struct {
		Content string `json:"content"`
	}
	if err := json.Unmarshal(b, &object); err != nil {
		return errors.New("want a token as a string or as an object with content")
	}
	*n = tokenName(object.Content)
	return nil
}

func readConfig(fsys fs.FS) (*config, error) {
	c := &config{}
	if _, err := fs.Stat(fsys, configFile); errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	b, err := readFile(fsys, configFile)
	if err != nil {
		return nil, err
	}
	if err := inputfile.ParseJSON(b, c); err != nil {
		return nil, malformed(configFile, "%v", err)
	}
	return c, nil
}

// bosDefault is what a tokenizer does when tokenizer_config.json does not say.
type bosDefault struct {
	on    bool
	token string
}

// bos decides whether a BOS is put before a text and which id it has; -1 means none.
func (c *config) bos(def bosDefault, id func(token string) (int, bool)) (int, error) {
	on, token := def.on, def.token
	if c.AddBOSToken != nil {
		on = *c.AddBOSToken
	}
	if !on {
		return -1, nil
	}
	if c.BOSToken != "" {
		token = string(c.BOSToken)
	}
	if token == "" {
		return 0, malformed(configFile, "add_bos_token is true but bos_token is missing")
	}
	bos, ok := id(token)
	if !ok {
		return 0, malformed(configFile, "bos_token %q is not in the vocabulary", token)
	}
	return bos, nil
}

// control lists the tokens that have a role instead of a text.
func (c *config) control() []string {
	var names []string
	for _, n := range []tokenName{c.BOSToken, c.EOSToken, c.PadToken, c.UnkToken} {
		if n != "" {
			names = append(names, string(n))
		}
	}
	return names
}

// familyBOS is the habit of the models whose tokens are in the vocabulary: LLaMA's <s> is id 1,
// OPT's </s> is id 2; GPT-2 has neither and adds nothing.
func familyBOS(id func(token string) (int, bool)) bosDefault {
	if n, ok := id("<s>"); ok && n == 1 {
		return bosDefault{on: true, token: "<s>"}
	}
	if n, ok := id("</s>"); ok && n == 2 {
		return bosDefault{on: true, token: "</s>"}
	}
	return bosDefault{}
}
