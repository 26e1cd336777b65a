package torch

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/adagp/adagp/checkpoint/internal/blob"
)

// The first two pickles of a legacy file.
const (
	legacyMagic    = "1950a86a20f9469cfc6c" // hexadecimal
	legacyProtocol = 1001
)

// legacy reads the container of torch.save before 1.6: five pickles (magic number, protocol,
// properties of the system, state dict, storage keys), then for each key the number of elements in
// eight bytes and the elements.
type legacy struct {
	data io.ReaderAt
	size int64
	pos  int64
}

// next reads the pickle at the current position.
func (l *legacy) next(what string, persistent func(any) (any, error)) (any, error) {
	r := io.NewSectionReader(l.data, l.pos, l.size-l.pos)
	content, err := scan(bufio.NewReader(r), r.Size())
	if err == nil {
		l.pos += int64(len(content))
		var v any
		if v, err = unpickle(content, persistent); err == nil {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", what, err)
}

// isLegacy tells whether data may start with a pickled integer, as a legacy file does: with PROTO,
// or in the oldest protocols with LONG.
func isLegacy(start []byte) bool {
	return len(start) > 0 && (start[0] == 0x80 || start[0] == 'L')
}

// readLegacy returns the state dict and the place of every storage in it.
func readLegacy(data io.ReaderAt, size int64) (any, map[*storage]*io.SectionReader, error) {
	l := &legacy{data: data, size: size}
	if err := l.preamble(); err != nil {
		return nil, nil, err
	}
	table := &storageTable{byKey: make(map[string]*storage), legacy: true}
	state, err := l.next("state dict", table.load)
	if err != nil {
		return nil, nil, err
	}
	keys, err := l.next("storage keys", nil)
	if err != nil {
		return nil, nil, err
	}
	list, ok := keys.(*types.List)
	if !ok {
		return nil, nil, fmt.Errorf("storage keys: got %s, want a list", typeName(keys))
	}
	sources := make(map[*storage]*io.SectionReader, list.Len())
	for _, k := range *list {
		key, ok := k.(string)
		s := table.byKey[key]
		if !ok || s == nil || sources[s] != nil {
			return nil, nil, errors.New("storage keys do not match the storages in use")
		}
		if sources[s], err = l.storage(s); err != nil {
			return nil, nil, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(table.byKey)) {
		if sources[table.byKey[key]] == nil {
			return nil, nil, fmt.Errorf("storage %s has no data in the file", blob.Quote(key))
		}
	}
	return state, sources, nil
}

// preamble reads what precedes the state dict.
func (l *legacy) preamble() error {
	magic, err := l.next("magic number", nil)
	if err != nil {
		return err
	}
	if n, ok := magic.(*big.Int); !ok || n.Text(16) != legacyMagic {
		return errors.New("magic number is not that of torch.save")
	}
	protocol, err := l.next("protocol version", nil)
	if err != nil {
		return err
	}
	if n, ok := protocol.(int); !ok || n != legacyProtocol {
		return fmt.Errorf("protocol version is not %d", legacyProtocol)
	}
	system, err := l.next("system properties", nil)
	if err != nil {
		return err
	}
	properties, ok := system.(*types.Dict)
	if !ok {
		return fmt.Errorf("system properties: got %s, want a dict", typeName(system))
	}
	for _, e := range *properties {
		if e.Key == "little_endian" && e.Value != true {
			return errors.New("byte order is big endian, want little endian")
		}
	}
	return nil
}

// storage reads the element count at the current position and steps over the data.
func (l *legacy) storage(s *storage) (*io.SectionReader, error) {
	var b [8]byte
	if err := blob.ReadFull(l.data, b[:], l.pos); err != nil {
		return nil, fmt.Errorf("storage %s: %w", blob.Quote(s.key), err)
	}
	l.pos += int64(len(b))
	if n := binary.LittleEndian.Uint64(b[:]); n != uint64(s.count) {
		return nil, fmt.Errorf("storage %s has %d elements, want %d", blob.Quote(s.key), n, s.count)
	}
	bytes := int64(s.count) * int64(s.dtype.Size())
	if bytes > l.size-l.pos {
		return nil, fmt.Errorf("storage %s of %d bytes, with %d left in the file", blob.Quote(s.key), bytes, l.size-l.pos)
	}
	r := io.NewSectionReader(l.data, l.pos, bytes)
	l.pos += bytes
	return r, nil
}
