package torch

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/adagp/adagp/checkpoint/internal/blob"
	"github.com/adagp/adagp/tensor"
)

// unpickle runs gopickle's machine over a pickle that went through scan. A panic of the machine on
// malformed content (an unhashable key, an odd number of dict items) becomes an error.
func unpickle(content []byte, persistent func(any) (any, error)) (v any, err error) {
	defer func() {
		if r := recover(); r != nil {
			v, err = nil, fmt.Errorf("malformed pickle: %s", blob.Shorten(fmt.Sprint(r)))
		}
	}()
	u := pickle.NewUnpickler(bytes.NewReader(content))
	u.FindClass = findClass
	u.PersistentLoad = persistent
	return u.Load()
}

// storage is a run of numbers in the file that one or more tensors look at.
type storage struct {
	key   string
	dtype tensor.DType
	count int // elements

	// A view into another storage (legacy files only): its elements start at offset there.
	base   *storage
	offset int
}

// storageTable resolves the persistent ids of one file, a storage being shared by all tensors that
// name its key.
type storageTable struct {
	byKey  map[string]*storage
	legacy bool
}

// load is the machine's hook for persistent ids: ("storage", class, key, location, count) and, in
// legacy files, None or (view key, offset, count) behind it.
func (t *storageTable) load(id any) (any, error) {
	fields, ok := id.(*types.Tuple)
	if !ok || fields.Len() == 0 {
		return nil, fmt.Errorf("persistent id is %s, want a tuple", typeName(id))
	}
	if kind, ok := fields.Get(0).(string); !ok || kind != "storage" {
		return nil, errors.New(`persistent id is not of kind "storage"`)
	}
	want := 5
	if t.legacy {
		want = 6
	}
	if fields.Len() < want {
		return nil, fmt.Errorf("persistent id of %d fields, want %d", fields.Len(), want)
	}
	class, ok := fields.Get(1).(storageType)
	if !ok {
		return nil, fmt.Errorf("storage class is %s", typeName(fields.Get(1)))
	}
	key, ok := fields.Get(2).(string)
	if !ok {
		return nil, fmt.Errorf("storage key is %s, want a string", typeName(fields.Get(2)))
	}
	count, err := toInt(fields.Get(4))
	if err != nil {
		return nil, fmt.Errorf("size of storage %s: %w", blob.Quote(key), err)
	}
	if _, ok := blob.Elements([]int{count}); !ok {
		return nil, fmt.Errorf("size of storage %s: %d elements", blob.Quote(key), count)
	}
	s := t.byKey[key]
	if s == nil {
		s = &storage{key: key, dtype: class.dtype, count: count}
		t.byKey[key] = s
	} else if s.dtype != class.dtype || s.count != count {
		return nil, fmt.Errorf("storage %s is both %d of %v and %d of %v", blob.Quote(key), s.count, s.dtype, count, class.dtype)
	}
	if !t.legacy || fields.Get(5) == nil {
		return s, nil
	}
	return s.view(fields.Get(5))
}

// view makes the storage that (view key, offset, count) describes. The view key only tells Python
// which views are the same object.
func (s *storage) view(v any) (any, error) {
	fields, ok := v.(*types.Tuple)
	if !ok || fields.Len() != 3 {
		return nil, fmt.Errorf("view of storage %s is %s, want a tuple of 3", blob.Quote(s.key), typeName(v))
	}
	offset, err := toInt(fields.Get(1))
	if err != nil {
		return nil, fmt.Errorf("view of storage %s: offset: %w", blob.Quote(s.key), err)
	}
	count, err := toInt(fields.Get(2))
	if err != nil {
		return nil, fmt.Errorf("view of storage %s: size: %w", blob.Quote(s.key), err)
	}
	if offset > s.count || count > s.count-offset {
		return nil, fmt.Errorf("view [%d, %d+%d) of storage %s with %d elements", offset, offset, count, blob.Quote(s.key), s.count)
	}
	return &storage{key: s.key, dtype: s.dtype, count: count, base: s, offset: offset}, nil
}

// root is the storage with data of its own that s belongs to, and where s starts in it, in elements.
func (s *storage) root() (*storage, int) {
	if s.base == nil {
		return s, 0
	}
	return s.base, s.offset
}

// entries lists the name-tensor pairs of a state dict in their order.
func entries(v any) (names []string, tensors []*strided, err error) {
	add := func(key, value any) error {
		name, ok := key.(string)
		if !ok {
			return fmt.Errorf("state dict has a key that is %s, want a string", typeName(key))
		}
		t, ok := value.(*strided)
		if !ok {
			return fmt.Errorf("state dict entry %s is %s, want a tensor", blob.Quote(name), typeName(value))
		}
		names, tensors = append(names, name), append(tensors, t)
		return nil
	}
	switch d := v.(type) {
	case *types.OrderedDict:
		for e := d.List.Front(); e != nil; e = e.Next() {
			entry := e.Value.(*types.OrderedDictEntry)
			if err := add(entry.Key, entry.Value); err != nil {
				return nil, nil, err
			}
		}
	case *types.Dict:
		for _, entry := range *d {
			if err := add(entry.Key, entry.Value); err != nil {
				return nil, nil, err
			}
		}
	default:
		return nil, nil, fmt.Errorf("file holds %s, want a dict of tensors", typeName(v))
	}
	return names, tensors, nil
}
