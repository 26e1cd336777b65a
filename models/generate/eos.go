package generate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/adagp/adagp/internal/inputfile"
)

// maxConfig bounds what is read of a configuration file; real ones have about a kilobyte.
const maxConfig = 4 << 20

// ReadEOS returns the ids by which the model of a folder ends a text: eos_token_id, one or several, of
// generation_config.json, else of config.json. None is no error.
func ReadEOS(fsys fs.FS) ([]int, error) {
	for _, name := range []string{"generation_config.json", "config.json"} {
		ids, err := readEOS(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if ids != nil {
			return ids, nil
		}
	}
	return nil, nil
}

func readEOS(fsys fs.FS, name string) ([]int, error) {
	b, err := inputfile.Read(fsys, name, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, inputfile.Cause(err)
	}
	var config struct {
		EOS json.RawMessage `json:"eos_token_id"`
	}
	if err := inputfile.ParseJSON(b, &config); err != nil {
		return nil, err
	}
	if config.EOS == nil || string(config.EOS) == "null" {
		return nil, nil
	}
	text := config.EOS
	if text[0] != '[' {
		text = slices.Concat([]byte("["), text, []byte("]"))
	}
	var list []*int
	if err := inputfile.ParseJSON(text, &list); err != nil {
		return nil, fmt.Errorf("eos_token_id: want an id or a list of ids: %w", err)
	}
	ids := make([]int, len(list))
	for i, id := range list {
		if id == nil || *id < 0 {
			return nil, fmt.Errorf("eos_token_id: want an id or a list of ids, got %s", config.EOS)
		}
		ids[i] = *id
	}
	return ids, nil
}
