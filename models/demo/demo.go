// Package demo holds two small trained language models, embedded in the program so that everything
// can be tried without a download: "llama" and "opt", each with about a million parameters in
// float16 and a tokenizer of 1,024 entries. They were trained for this project on public-domain
// books only and may be redistributed with it.
package demo

import (
	"embed"
	"io/fs"
)

//go:embed llama opt
var files embed.FS

// Names returns the names of the embedded models.
func Names() []string { return []string{"llama", "opt"} }

// FS returns the files of the named model folder, or false when there is no such model.
func FS(name string) (fs.FS, bool) {
	for _, n := range Names() {
		if n == name {
			sub, err := fs.Sub(files, name)
			return sub, err == nil
		}
	}
	return nil, false
}
