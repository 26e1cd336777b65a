package data

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/adagp/adagp/internal/inputfile"
)

// readParquet reads the rows of a Parquet file: its column text, or input_ids, or messages. Of the other columns
// nothing is read.
func (r *Reader) readParquet(path string, limit int64, text func(part string)) (c *Corpus, err error) {
	f, err := inputfile.OpenPath(path)
	if err != nil {
		return nil, &CorpusError{File: path, Msg: "cannot open", Err: inputfile.Cause(err)}
	}
	defer f.Close()
	defer func() { // of the library, for which some malformed files are surprises
		if v := recover(); v != nil {
			c, err = nil, &CorpusError{File: path, Msg: fmt.Sprintf("the Parquet file is malformed: %v", v)}
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, &CorpusError{File: path, Msg: "cannot read", Err: err}
	}
	if err := checkFooter(f, info.Size()); err != nil {
		return nil, &CorpusError{File: path, Msg: "not a Parquet file", Err: err}
	}
	file, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, &CorpusError{File: path, Msg: "not a Parquet file", Err: err}
	}
	table, err := newTable(file)
	if err != nil {
		return nil, &CorpusError{File: path, Msg: err.Error()}
	}
	rows := &rows{reader: r, path: path, limit: limit, text: text}
	number := 0
	for _, group := range file.RowGroups() {
		err := table.read(group, func(d *document) error {
			number++
			if bad := rows.addDocument(d); bad != nil {
				bad.File, bad.Msg = path, fmt.Sprintf("row %d: %s", number, bad.Msg)
				return bad
			}
			return nil
		})
		var bad *CorpusError
		if err != nil && !errors.As(err, &bad) {
			bad = &CorpusError{File: path, Msg: fmt.Sprintf("row %d: cannot read", number+1), Err: err}
		}
		if bad != nil {
			return nil, bad
		}
	}
	return rows.end()
}

// checkFooter checks the length of the metadata, for which the library would take memory.
func checkFooter(f io.ReaderAt, size int64) error {
	const magic = "PAR1"
	var end [8]byte // length, magic
	if size < int64(len(magic)+len(end)) {
		return fmt.Errorf("it has %d bytes", size)
	}
	if _, err := f.ReadAt(end[:], size-int64(len(end))); err != nil {
		return err
	}
	if string(end[4:]) != magic {
		return fmt.Errorf("it ends with %q, want %q", end[4:], magic)
	}
	if n := int64(binary.LittleEndian.Uint32(end[:])); n > size-int64(len(magic)+len(end)) {
		return fmt.Errorf("its metadata has %d bytes, the file %d", n, size)
	}
	return nil
}

// table says which columns of a file hold its documents.
type table struct {
	columns []int // indices of the leaves
	make    func(cells [][]parquet.Value) (*document, error)
}

// newTable looks for the columns. Lists may have any names between theirs and that of the leaf.
func newTable(file *parquet.File) (*table, error) {
	leaf := func(first, last string) int {
		return slices.IndexFunc(file.Schema().Columns(), func(path []string) bool {
			return path[0] == first && (last == "" || path[len(path)-1] == last)
		})
	}
	for _, names := range [][3]string{{"messages", "role", "content"}, {"conversations", "from", "value"}, {"conversations", "role", "content"}} {
		if role, content := leaf(names[0], names[1]), leaf(names[0], names[2]); role >= 0 && content >= 0 {
			return &table{[]int{role, content}, messagesOf}, nil
		}
	}
	if i := leaf("text", ""); i >= 0 {
		return &table{[]int{i}, textOf}, nil
	}
	if i := leaf("input_ids", ""); i >= 0 {
		return &table{[]int{i}, idsOf}, nil
	}
	var names []string
	for _, path := range file.Schema().Columns() {
		names = append(names, path[0])
	}
	return nil, fmt.Errorf("has the columns %.300q, want text, input_ids or messages", slices.Compact(names))
}

func textOf(cells [][]parquet.Value) (*document, error) {
	text := ""
	if v := cells[0]; len(v) == 1 && !v[0].IsNull() {
		if v[0].Kind() != parquet.ByteArray {
			return nil, fmt.Errorf("the column text holds %v, want strings", v[0].Kind())
		}
		text = string(v[0].ByteArray())
	}
	if i := firstInvalid([]byte(text)); i >= 0 {
		return nil, fmt.Errorf("not UTF-8: byte 0x%02x at offset %d", text[i], i)
	}
	return &document{Text: &text}, nil
}

func idsOf(cells [][]parquet.Value) (*document, error) {
	var ids []int
	for _, v := range cells[0] {
		switch v.Kind() {
		case parquet.Int32, parquet.Int64:
			ids = append(ids, int(v.Int64()))
		default:
			return nil, errors.New("the column input_ids holds other values than whole numbers")
		}
	}
	if bad := checkIDs(ids); bad != nil {
		return nil, errors.New(bad.Msg)
	}
	return &document{InputIDs: &ids}, nil
}

func messagesOf(cells [][]parquet.Value) (*document, error) {
	roles, contents := cells[0], cells[1]
	if len(roles) != len(contents) {
		return nil, errors.New("messages lack roles or contents")
	}
	d := &document{}
	for i := range roles {
		if roles[i].IsNull() {
			continue // an empty list
		}
		d.Conversations = append(d.Conversations, struct {
			From  string `json:"from"`
			Value string `json:"value"`
		}{string(roles[i].ByteArray()), string(contents[i].ByteArray())})
	}
	if d.Conversations == nil {
		d.Messages = json.RawMessage("[]")
	}
	d.rename()
	return d, nil
}

// read hands over the documents of a group of rows.
func (t *table) read(group parquet.RowGroup, document func(*document) error) error {
	columns := make([]*column, len(t.columns))
	for i, index := range t.columns {
		columns[i] = &column{pages: group.ColumnChunks()[index].Pages()}
		defer columns[i].pages.Close()
	}
	for range group.NumRows() {
		cells := make([][]parquet.Value, len(columns))
		for i, c := range columns {
			var err error
			if cells[i], err = c.row(); err != nil {
				return err
			}
		}
		d, err := t.make(cells)
		if err == nil {
			err = document(d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// column reads the values of a leaf, page by page.
type column struct {
	pages  parquet.Pages
	values parquet.ValueReader // of the page; nil before the first
	buffer [64]parquet.Value
	ready  []parquet.Value // read and not taken
}

// peek returns the next value without taking it; io.EOF comes after the last one.
func (c *column) peek() (parquet.Value, error) {
	for len(c.ready) == 0 {
		if c.values == nil {
			page, err := c.pages.ReadPage()
			if err != nil {
				return parquet.Value{}, err
			}
			c.values = page.Values()
		}
		n, err := c.values.ReadValues(c.buffer[:])
		c.ready = c.buffer[:n]
		if errors.Is(err, io.EOF) {
			c.values = nil
		} else if err != nil {
			return parquet.Value{}, err
		}
	}
	return c.ready[0], nil
}

// row returns the values of the next row.
func (c *column) row() ([]parquet.Value, error) {
	var row []parquet.Value
	for {
		v, err := c.peek()
		if errors.Is(err, io.EOF) && len(row) > 0 {
			return row, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the column ends early: %w", err)
		}
		if len(row) > 0 && v.RepetitionLevel() == 0 {
			return row, nil
		}
		if len(row) > maxWindowToken {
			return nil, fmt.Errorf("a row has more than %d values", maxWindowToken)
		}
		row = append(row, v.Clone())
		c.ready = c.ready[1:]
	}
}
