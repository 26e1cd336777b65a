package checkpoint

import (
	"bytes"
	"encoding/json"
)

// object is a JSON object that keeps the order of its keys, so that a file which is written again with
// another value reads as its author left it.
type object struct {
	keys   []string
	values map[string]json.RawMessage
}

// parseObject decodes text; of a key that appears twice the last value counts, as in encoding/json. Text
// that is no object, such as null, gives an empty one.
func parseObject(text []byte) object {
	o := object{values: make(map[string]json.RawMessage)}
	dec := json.NewDecoder(bytes.NewReader(text))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return o
	}
	for dec.More() {
		var value json.RawMessage
		key, err := dec.Token()
		if err != nil || dec.Decode(&value) != nil {
			return o
		}
		o.set(key.(string), value)
	}
	return o
}

// set changes the value of a key, or appends it.
func (o *object) set(key string, value json.RawMessage) {
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key] = value
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, key := range o.keys {
		b.WriteByte("{,"[min(i, 1)])
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(o.values[key])
	}
	if len(o.keys) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
