package models_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/adagp/adagp/models"
)

func TestFieldsValues(t *testing.T) {
	f, err := models.ParseFields([]byte(`{
		"int": 48, "whole": 1e3, "float": 2.5, "yes": true, "text": "relu", "null": null,
		"names": ["a", "b"], "floats": [1, 2.5], "object": {"type": "linear"}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Int("int", 1, 100); got != 48 {
		t.Errorf("int: got %d, want 48", got)
	}
	if got := f.Int("whole", 1, 1000); got != 1000 {
		t.Errorf("whole: got %d, want 1000", got)
	}
	if got := f.IntOr("null", 7, 1, 9); got != 7 {
		t.Errorf("null: got %d, want the absent value 7", got)
	}
	if got := f.FloatOr("float", 1); got != 2.5 {
		t.Errorf("float: got %v, want 2.5", got)
	}
	if got := f.FloatOr("absent", 1.5); got != 1.5 {
		t.Errorf("absent: got %v, want 1.5", got)
	}
	if got := f.BoolOr("yes", false); !got {
		t.Error("yes: got false")
	}
	if got := f.StringOr("text", ""); got != "relu" {
		t.Errorf("text: got %q, want relu", got)
	}
	if got := f.Strings("names"); len(got) != 2 || got[1] != "b" {
		t.Errorf("names: got %v, want [a b]", got)
	}
	if got := f.Object("object").StringOr("type", ""); got != "linear" {
		t.Errorf("object.type: got %q, want linear", got)
	}
	if got := f.Floats("floats"); len(got) != 2 || got[1] != 2.5 {
		t.Errorf("floats: got %v, want [1 2.5]", got)
	}
	if !f.IsNull("null") || f.IsNull("int") || f.IsNull("absent") {
		t.Error("of null, a number and an absent field, not just the first is said to be null")
	}
	if got := f.Object("null"); got != nil {
		t.Errorf("null object: got %v", got)
	}
	if err := f.Err(); err != nil {
		t.Errorf("got error %v", err)
	}
}

func TestFieldsErrors(t *testing.T) {
	tests := []struct {
		name, json string
		read       func(f *models.Fields)
		want       []string
	}{
		{"missing", `{}`, func(f *models.Fields) { f.Int("v", 0, 9) }, []string{"v: ", "missing"}},
		{"fraction", `{"v": 2.5}`, func(f *models.Fields) { f.Int("v", 0, 9) }, []string{"want an integer, got 2.5"}},
		{"text", `{"v": "48"}`, func(f *models.Fields) { f.Int("v", 0, 99) }, []string{`want an integer, got "48"`}},
		{"too small", `{"v": -1}`, func(f *models.Fields) { f.Int("v", 0, 9) }, []string{"from 0 to 9, got -1"}},
		{"too large", `{"v": 10}`, func(f *models.Fields) { f.Int("v", 0, 9) }, []string{"got 10"}},
		{"overflow", `{"v": 99999999999999999999}`, func(f *models.Fields) { f.Int("v", 0, 9) }, []string{"99999999999999999999"}},
		{"float overflow", `{"v": 1e999}`, func(f *models.Fields) { f.FloatOr("v", 1) }, []string{"want a number, got 1e999"}},
		{"float text", `{"v": "x"}`, func(f *models.Fields) { f.FloatOr("v", 1) }, []string{`got "x"`}},
		{"not positive", `{"v": 0}`, func(f *models.Fields) { f.PositiveOr("v", 1) }, []string{"positive", "got 0"}},
		{"not a bool", `{"v": 1}`, func(f *models.Fields) { f.BoolOr("v", true) }, []string{"true or false, got 1"}},
		{"not a string", `{"v": 1}`, func(f *models.Fields) { f.StringOr("v", "") }, []string{"want a string, got 1"}},
		{"not an object", `{"v": 1}`, func(f *models.Fields) { f.Object("v") }, []string{"want an object, got 1"}},
		{"not strings", `{"v": [1]}`, func(f *models.Fields) { f.Strings("v") }, []string{"[1]"}},
		{"nested", `{"v": {"w": -3}}`, func(f *models.Fields) { f.Object("v").Int("w", 0, 9) }, []string{"v.w: ", "-3"}},
		{"first fault", `{"v": 1, "w": 2}`, func(f *models.Fields) { f.BoolOr("w", true); f.BoolOr("v", true) }, []string{"w: "}},
		{"long value", `{"v": "` + strings.Repeat("x", 66) + `"}`, func(f *models.Fields) { f.Int("v", 0, 9) }, []string{"xxx…"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := models.ParseFields([]byte(tt.json))
			if err != nil {
				t.Fatal(err)
			}
			tt.read(f)
			wantError(t, f.Err(), tt.want...)
		})
	}
}

// TestConfigWithMark opens a model whose config.json was saved by an editor that begins files with a
// byte-order mark.
func TestConfigWithMark(t *testing.T) {
	fsys, err := models.Folder("demo:llama")
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for _, name := range []string{"config.json", "model.safetensors"} {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "config.json" {
			text = append([]byte("\ufeff"), text...)
		}
		folder[name] = &fstest.MapFile{Data: text}
	}
	m, err := models.OpenFS(folder, "folder")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}
