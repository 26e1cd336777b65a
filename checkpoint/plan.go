package checkpoint

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/adagp/adagp/checkpoint/safetensors"
)

// shardPlan is one weight file of the output, laid out before anything is written.
type shardPlan struct {
	file    string
	header  []byte
	size    int64 // of the whole file
	tensors []safetensors.Tensor
	beside  bool // no weights of the model, but something about them
}

// plan lays out the weight files of the output, and the index that goes with them (nil for a
// single file).
//
// A safetensors shard whose types do not change keeps its header byte for byte. One with changed
// types keeps its metadata and the order of its tensors, except that larger types come first so
// that all stay aligned. PyTorch shards become safetensors files under the usual names.
//
// store says how a tensor is stored, as one tensor or several: names, types and shapes.
func plan(src *Reader, store func(Info) []safetensors.Tensor) (shards []shardPlan, indexFile string, index []byte, err error) {
	var total int64
	changed := src.layout.torch
	var weightMap []placed
	for i, s := range src.shards {
		p := shardPlan{file: s.file}
		if src.layout.torch {
			p.file = "model.safetensors"
			if src.layout.sharded {
				p.file = fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, len(src.shards))
			}
		}
		same := s.st != nil && len(s.packed) == 0
		for _, t := range s.tensors {
			as := store(t)
			same = same && len(as) == 1 && as[0].DType == t.DType
			p.tensors = append(p.tensors, as...)
			if src.layout.sharded {
				place := src.index.place(s, t.Name)
				for _, x := range as {
					weightMap = append(weightMap, placed{x.Name, p.file, place})
				}
			}
		}
		if !same {
			changed = true
		}
		if err := p.layOut(s, same); err != nil {
			return nil, "", nil, fmt.Errorf("%s: %w", s.file, err)
		}
		total += p.size - int64(len(p.header))
		shards = append(shards, p)
	}
	if !src.layout.sharded {
		return shards, "", nil, nil
	}
	index = src.index.text
	if changed {
		if index, err = encodeIndex(src.index.text, weightMap, total); err != nil {
			return nil, "", nil, err
		}
	}
	return shards, "model.safetensors.index.json", index, nil
}

// layOut fills in places, header and size.
func (p *shardPlan) layOut(s *shard, same bool) error {
	if same {
		p.tensors, p.header = s.st.Tensors(), s.st.Header()
	} else {
		metadata := map[string]string{"format": "pt"} // what Hugging Face's loader insists on
		if s.st != nil {
			metadata = s.st.Metadata()
			if len(s.packed) > 0 {
				safetensors.Sort(p.tensors) // the order they had before they were packed, most likely
			} else {
				safetensors.Align(p.tensors)
			}
		} else {
			safetensors.Sort(p.tensors)
		}
		if err := safetensors.Layout(p.tensors); err != nil {
			return err
		}
		var err error
		if p.header, err = safetensors.EncodeHeader(p.tensors, metadata); err != nil {
			return err
		}
	}
	p.setSize()
	return nil
}

// setSize works the size of the file out.
func (p *shardPlan) setSize() {
	p.size = int64(len(p.header))
	if n := len(p.tensors); n > 0 {
		p.size += p.tensors[n-1].End
	}
}

// placed is a tensor of the output in the weight map of its index.
type placed struct {
	name, file string
	place      int // of what it is stored from in the index of the source
}

// place is where an index lists a tensor, or the first of its parts if it is packed.
func (x *shardIndex) place(s *shard, name string) int {
	t := s.packed[name]
	if t == nil {
		return x.order[name]
	}
	first := len(x.order)
	for _, part := range t.parts {
		first = min(first, x.order[part.Name])
	}
	return first
}

// encodeIndex returns the index text old with a new weight map and total size, indented as Hugging Face's
// library writes it and with keys and tensors in the order that they had.
func encodeIndex(old []byte, weightMap []placed, total int64) ([]byte, error) {
	slices.SortStableFunc(weightMap, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
	files := parseObject(nil)
	for _, t := range weightMap {
		file, err := json.Marshal(t.file)
		if err != nil {
			return nil, err
		}
		files.set(t.name, file)
	}
	top := parseObject(old)
	metadata := parseObject(top.values["metadata"])
	metadata.set("total_size", json.RawMessage(fmt.Sprint(total)))
	for _, x := range []struct {
		key   string
		value object
	}{{"metadata", metadata}, {"weight_map", files}} {
		text, err := x.value.MarshalJSON()
		if err != nil {
			return nil, err
		}
		top.set(x.key, text)
	}
	b, err := json.MarshalIndent(top, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}
