package models

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/adagp/adagp/checkpoint"
	"github.com/adagp/adagp/nn"
)

// Model is a network and the checkpoint that its values come from.
type Model struct {
	CausalLM
	// FS holds the files of the model folder.
	FS fs.FS
	// Reader reads the checkpoint in it.
	Reader *checkpoint.Reader
	// Path is what Open was given.
	Path string

	stored map[*nn.Param]View // in the checkpoint
}

// Open opens the model in the folder path, or an embedded one ("demo:llama", "demo:opt"). It checks
// that the checkpoint holds the tensors of the architecture, all of them and no others, in the
// right shapes and in float32, float16 or bfloat16; of the weights it reads nothing. Close the model
// after use.
func Open(path string) (*Model, error) {
	fsys, err := Folder(path)
	if err != nil {
		return nil, err
	}
	m, err := OpenFS(fsys, path)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// OpenFS is Open for the files of any file system; path is the name for messages.
func OpenFS(fsys fs.FS, path string) (*Model, error) {
	config, err := ReadConfig(fsys)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", join(path, configFile), err)
	}
	net, err := Build(config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", join(path, configFile), err)
	}
	r, err := checkpoint.Open(fsys)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", path, err)
	}
	m := &Model{CausalLM: net, FS: fsys, Reader: r, Path: path}
	if m.stored, err = matchTensors(net, r); err != nil {
		return nil, errors.Join(fmt.Errorf("model %s: %w", path, err), r.Close())
	}
	return m, nil
}

// join puts a file name behind a folder or an embedded model's name.
func join(path, file string) string {
	return strings.TrimRight(path, "/") + "/" + file
}

// View returns what the parameter is of a tensor in the checkpoint. A pruned copy must keep the name and the
// layout that the tensor has there.
func (m *Model) View(p *nn.Param) View {
	if v, ok := m.stored[p]; ok {
		return v
	}
	return storedViews(m.CausalLM, p)[0]
}

// TensorName returns the name under which the checkpoint stores the parameter. It differs from
// p.Name when the checkpoint leaves out a prefix.
func (m *Model) TensorName(p *nn.Param) string { return m.View(p).Tensor }

// Close releases the checkpoint's files. Loaded values stay usable, what LoadMapped loaded does not.
func (m *Model) Close() error { return m.Reader.Close() }
