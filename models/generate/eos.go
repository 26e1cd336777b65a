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
	if err := json.Unmarshal(b, &config); err != nil {
		return nil, err
	}
	if config.EOS == nil || string(config.EOS) == "null" {
		return nil, nil
	}
	var one int
	ids := []int{}
	if json.Unmarshal(config.EOS, &one) == nil {
		ids = append(ids, one)
	} else if err := json.Unmarshal(config.EOS, &ids); err != nil {
		return nil, fmt.Errorf("eos_token_id: want an id or a list of ids: %w", err)
	}
	if i := slices.IndexFunc(ids, func(id int) bool { return id < 0 }); i >= 0 {
		return nil, fmt.Errorf("eos_token_id: %d is no id", ids[i])
	}
	return ids, nil
}
