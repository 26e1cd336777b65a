package tokenizer

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// normalizer rewrites a text before it is cut into words.
type normalizer func(text string) string

func unchanged(text string) string { return text }

// normalizers has those that may stand before a byte-level model, by type. Those of models with blanks as
// "▁" are in blankbpe.go.
var normalizers = map[string]func(*step) (normalizer, error){
	"NFC":  func(*step) (normalizer, error) { return exactForm(norm.NFC), nil },
	"NFKC": func(*step) (normalizer, error) { return exactForm(norm.NFKC), nil },
}

// normalizer returns all normalizers of a file as one.
func (j *jsonTokenizer) normalizer() (normalizer, error) {
	all := normalizer(unchanged)
	for _, s := range j.Normalizer.flatten() {
		build, ok := normalizers[s.Type]
		if !ok {
			return nil, unsupported(jsonFile, "normalizer %s before a byte-level model, want one of %s", s.Type, names(normalizers))
		}
		next, err := build(s)
		if err != nil {
			return nil, err
		}
		before := all
		all = func(text string) string { return next(before(text)) }
	}
	return all, nil
}

// names lists the keys of a table for messages.
func names[T any](table map[string]T) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}
