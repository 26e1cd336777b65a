package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// maxJournal bounds what is read of a journal. Real ones have a few kilobytes per decoder layer.
const maxJournal = 1 << 30

// journal is a file of records, each durable when append returns. A record is a line: the CRC-32C of
// the rest in hexadecimal, a blank, and the record, which holds no line end. A process that dies while
// it writes leaves half a line, which the next one cuts off.
type journal struct {
	f       *os.File
	records [][]byte
}

// openJournal opens or makes the journal at path.
func openJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxJournal))
	if err == nil {
		j := &journal{f: f}
		var n int64
		if j.records, n = parseJournal(text); n == int64(len(text)) {
			return j, nil
		}
		if err = f.Truncate(n); err == nil {
			if _, err = f.Seek(n, io.SeekStart); err == nil {
				return j, nil
			}
		}
	}
	return nil, errors.Join(err, f.Close())
}

// parseJournal returns the records up to the first line that is not whole, and the bytes they take.
func parseJournal(text []byte) (records [][]byte, n int64) {
	for len(text) > 0 {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		record, ok := parseRecord(line)
		if !whole || !ok {
			break
		}
		records = append(records, record)
		n += int64(len(line)) + 1
		text = rest
	}
	return records, n
}

const sumDigits = 8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func parseRecord(line []byte) ([]byte, bool) {
	var sum [4]byte
	if len(line) < sumDigits+1 || line[sumDigits] != ' ' {
		return nil, false
	}
	if _, err := hex.Decode(sum[:], line[:sumDigits]); err != nil {
		return nil, false
	}
	record := line[sumDigits+1:]
	return record, binary.BigEndian.Uint32(sum[:]) == crc32.Checksum(record, castagnoli)
}

// close closes the file, once; the records stay. A nil journal has none.
func (j *journal) close() error {
	if j == nil || j.f == nil {
		return nil
	}
	err := j.f.Close()
	j.f = nil
	return err
}

// append adds a record and forces it to disk. After an error the journal is as it was, or ends in half
// a line, which does not count.
func (j *journal) append(record []byte) error {
	if bytes.IndexByte(record, '\n') >= 0 {
		return errors.New("journal: a record holds a line end")
	}
	line := fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(record, castagnoli), record)
	at, err := j.f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err = j.f.Write(line); err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("journal: %w", err), j.f.Truncate(at))
	}
	j.records = append(j.records, bytes.Clone(record))
	return nil
}
