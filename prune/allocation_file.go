package prune

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/adagp/adagp/internal/inputfile"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// maxAllocationFile bounds what is read of a file of shares; a large model's has some kilobytes.
const maxAllocationFile = 16 << 20

// fileEntry is one line of a file of shares.
type fileEntry struct {
	key   string
	share float64
}

// fileShares returns the allocation that a JSON file describes: an object of shares of zeros by tensor
// name or by regular expression on names, such as
//
//	{"mlp": 0.8, "model.layers.0.self_attn.q_proj.weight": 0.5}
//
// A name goes before an expression; matrices that neither mentions get the share of the pattern. A key
// that fits no matrix of the model, and two expressions that want different things of one matrix, are
// errors.
func fileShares(path string) AllocationFunc {
	return func(_ context.Context, d *Dense) (map[*nn.Linear]float64, error) {
		all, err := modelShares(path, d.run.model)
		if err != nil {
			return nil, err
		}
		shares := map[*nn.Linear]float64{}
		for _, linears := range d.Selected {
			for _, lin := range linears {
				if s, ok := all[lin]; ok {
					shares[lin] = s
				}
			}
		}
		return shares, nil
	}
}

// CheckAllocationFile reports whether [Run] could use the file of shares at path for m: it reads the
// file and compares names, nothing else.
func CheckAllocationFile(path string, m *models.Model) error {
	if _, err := modelShares(path, m); err != nil {
		return fmt.Errorf("allocation %s: %w", path, err)
	}
	return nil
}

// modelShares reads a file of shares and finds the matrices it means, selected or not.
func modelShares(path string, m *models.Model) (map[*nn.Linear]float64, error) {
	entries, err := readShares(path)
	if err != nil {
		return nil, err
	}
	matrices := map[string]*nn.Linear{}
	var names []string
	for _, l := range m.Layers() {
		for _, lin := range l.Linears() {
			name := m.TensorName(lin.Weight)
			matrices[name] = lin
			names = append(names, name)
		}
	}
	shares, by := map[*nn.Linear]float64{}, map[string]string{} // by: the key that a share comes from
	var expressions []fileEntry
	for _, e := range entries {
		if lin, ok := matrices[e.key]; ok {
			shares[lin], by[e.key] = e.share, e.key
		} else {
			expressions = append(expressions, e)
		}
	}
	for _, e := range expressions {
		re, err := regexp.Compile(e.key)
		if err != nil {
			return nil, fmt.Errorf("%q is neither a matrix nor a regular expression: %w", e.key, err)
		}
		found := false
		for _, name := range names {
			if !re.MatchString(name) {
				continue
			}
			found = true
			lin := matrices[name]
			switch other, taken := by[name]; {
			case other == name: // its own name goes first
			case taken && shares[lin] != e.share:
				return nil, fmt.Errorf("%q and %q want different shares of %s", other, e.key, name)
			default:
				shares[lin], by[name] = e.share, e.key
			}
		}
		if !found {
			return nil, fmt.Errorf("%q fits no matrix of the model; names look like %s", e.key, names[0])
		}
	}
	return shares, nil
}

// readShares reads the entries of a file of shares.
func readShares(path string) ([]fileEntry, error) {
	text, err := inputfile.ReadPath(path, maxAllocationFile)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	fault := func(err error) error {
		return fmt.Errorf("offset %d: want an object such as {\"mlp\": 0.8}: %w", dec.InputOffset(), err)
	}
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, fault(cmp.Or(err, fmt.Errorf("got %v", t)))
	}
	var entries []fileEntry
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, fault(err)
		}
		key, _ := t.(string) // keys of an object always are
		var share *float64
		if err := dec.Decode(&share); err != nil {
			return nil, fault(err)
		}
		if share == nil || !(*share >= 0 && *share < 1) {
			return nil, fmt.Errorf("%q: want a share of zeros, 0 <= share < 1, got %s", key, quoted(share))
		}
		if seen[key] || strings.TrimSpace(key) == "" {
			return nil, fmt.Errorf("the key %q is empty or there twice", key)
		}
		seen[key] = true
		entries = append(entries, fileEntry{key: key, share: *share})
	}
	if _, err := dec.Token(); err != nil {
		return nil, fault(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fault(cmp.Or(err, fmt.Errorf("there is more behind the object")))
	}
	return entries, nil
}

func quoted(v *float64) string {
	if v == nil {
		return "null"
	}
	return fmt.Sprint(*v)
}
