package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// span is a part of a text.
type span struct{ from, to int }

// SetValue changes the value of a key of a JSON object and leaves the rest of the text as it is: order,
// spaces, figures. Of a key that occurs twice the last value counts, as everywhere. A key that does not
// occur is added at the end, in the manner of the first. found says whether it did occur.
func SetValue(text []byte, key string, value any) (edited []byte, found bool, err error) {
	v, err := json.Marshal(value)
	if err != nil {
		return nil, false, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false, errors.New("want a JSON object")
	}
	begin := int(d.InputOffset())
	var at, last span
	var indent, colon []byte // before the first key, and between it and its value
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, false, err
		}
		afterName := int(d.InputOffset())
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, false, err
		}
		end := int(d.InputOffset())
		value := span{end - len(raw), end}
		if last.to == 0 {
			indent = text[begin : begin+bytes.IndexByte(text[begin:], '"')]
			colon = text[afterName:value.from]
		}
		if last = value; name == key {
			at = value
		}
	}
	if at.to > 0 {
		return replace(text, at, v), true, nil
	}
	name, err := json.Marshal(key)
	if err != nil {
		return nil, false, err
	}
	if last.to == 0 {
		return replace(text, span{begin, begin}, fmt.Appendf(nil, "%s: %s", name, v)), false, nil
	}
	return replace(text, span{last.to, last.to}, bytes.Join([][]byte{{','}, indent, name, colon, v}, nil)), false, nil
}

// replace returns text with other bytes in place of a part of it.
func replace(text []byte, at span, by []byte) []byte {
	return bytes.Join([][]byte{text[:at.from], by, text[at.to:]}, nil)
}
