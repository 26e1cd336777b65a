// Package decodertest checks what families make of config.json, for their tests.
package decodertest

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/models/decoder"
)

// Fields are those of a config.json.
type Fields map[string]any

// Case is a config.json, and a part of the declaration that it must give or an error.
type Case struct {
	name   string
	fields Fields
	get    func(s *decoder.Spec) any
	want   any
}

// Reads is a config.json with the given fields beside those that all have. A nil value is null; one that is Left is left
// out. What get returns must be printed like the wanted value.
func Reads(name string, fields Fields, get func(s *decoder.Spec) any, want any) Case {
	return Case{name, fields, get, want}
}

// Refuses is a config.json that is refused with an error that has the wanted text in it.
func Refuses(name string, fields Fields, want string) Case { return Case{name, fields, nil, want} }

// Left is the value of a field that is to be left out.
const Left = "\x00left out"

// Run builds a model of each case.
func Run(t *testing.T, architecture string, all Fields, cases []Case) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fields := Fields{"architectures": []string{architecture}}
			maps.Copy(fields, all)
			maps.Copy(fields, c.fields)
			maps.DeleteFunc(fields, func(_ string, v any) bool { return v == Left })
			config, err := json.Marshal(fields)
			if err != nil {
				t.Fatal(err)
			}
			m, err := models.Build(config)
			switch {
			case c.get == nil:
				if err == nil || !strings.Contains(err.Error(), fmt.Sprint(c.want)) {
					t.Errorf("got error %v, want %q in it", err, c.want)
				}
			case err != nil:
				t.Error(err)
			default:
				if got, want := fmt.Sprint(c.get(m.(*decoder.Model).Spec())), fmt.Sprint(c.want); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
}

// Sizes are small ones, by the names that most families have.
var Sizes = Fields{
	"vocab_size": 61, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4,
	"num_attention_heads": 4, "num_key_value_heads": 2,
}
