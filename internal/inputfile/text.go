package inputfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// mark is the byte-order mark that some editors put in front of UTF-8. It is no part of the text.
var mark = []byte("\ufeff")

// SkipMark returns r without the byte-order mark at its beginning, if there is one. Read and ReadPath
// leave it out by themselves.
func SkipMark(r io.Reader) io.Reader {
	in := bufio.NewReaderSize(r, 64<<10)
	if b, _ := in.Peek(len(mark)); bytes.Equal(b, mark) {
		_, _ = in.Discard(len(mark))
	}
	return in // what is wrong with r comes again when it is read
}

// ParseJSON decodes text into v. Its errors keep two mistakes apart: text that is not JSON, and JSON
// that holds something else than v wants; both say where, in bytes from 1.
func ParseJSON(text []byte, v any) error {
	err := json.Unmarshal(text, v)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("malformed JSON at byte %d: %w", max(syntax.Offset, 1), err)
	}
	var other *json.UnmarshalTypeError
	if !errors.As(err, &other) {
		return err
	}
	where := ""
	if other.Field != "" {
		where = other.Field + ": "
	}
	return fmt.Errorf("%swant %s, got %s at byte %d", where, wanted(other.Type), found(other.Value), max(other.Offset, 1))
}

// wanted says in the words of JSON what values of a type are written as.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a whole number"
}

// found puts an article before the decoder's word for a value.
func found(value string) string {
	switch {
	case value == "array":
		return "a list"
	case value == "object":
		return "an object"
	case value == "bool":
		return "true or false"
	case strings.HasPrefix(value, "number "):
		return strings.TrimPrefix(value, "number ")
	}
	return "a " + value
}
