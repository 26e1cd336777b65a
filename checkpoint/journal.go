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
const maxJournal = 256 << 20

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
	j := &journal{f: f}
	if err := j.read(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return j, nil
}

// read fills in the records. Half a line at the end is what a process leaves that dies while it writes,
// and one whole line of wrong content what a power cut can leave: both are cut off. Anything else that cannot be read is an error: records behind it may tell of hours of
// work.
func (j *journal) read() error {
	info, err := j.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() > maxJournal {
		return fmt.Errorf("the journal of the run has %d bytes, longer than the %d that are read of one", info.Size(), maxJournal)
	}
	text, err := io.ReadAll(io.LimitReader(j.f, maxJournal))
	if err != nil {
		return err
	}
	var n int64
	j.records, n = parseJournal(text)
	if bad := text[n:]; bytes.IndexByte(bad, '\n') < len(bad)-1 && bytes.IndexByte(bad, '\n') >= 0 {
		return fmt.Errorf("record %d of the journal, at byte %d, is damaged, and what it and those behind it tell is lost: "+
			"restore the file, or begin the run anew", len(j.records), n)
	}
	if n == int64(len(text)) {
		return nil
	}
	if err := j.f.Truncate(n); err != nil {
		return err
	}
	_, err = j.f.Seek(n, io.SeekStart)
	return err
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
