package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Find returns the model from the cache if all of it is there, else it downloads it. A branch that has moved since it
// was downloaded is not noticed; [Client.Fetch] asks for it.
func (c *Client) Find(ctx context.Context, n Name) (Snapshot, error) {
	s, ok, err := c.Cached(n)
	if ok || err != nil {
		return s, err
	}
	return c.Fetch(ctx, n)
}

// Fetch asks the hub which commit the revision is now, and downloads what the cache lacks of it.
func (c *Client) Fetch(ctx context.Context, n Name) (Snapshot, error) {
	if c.Offline {
		s, ok, err := c.Cached(n)
		if err == nil && !ok {
			err = &NotCachedError{Name: n, Cache: c.Cache}
		}
		return s, err
	}
	commit, err := c.commit(ctx, n)
	if err != nil {
		return Snapshot{}, err
	}
	listed, err := c.list(ctx, n, commit)
	if err != nil {
		return Snapshot{}, err
	}
	if err := c.tag(); err != nil {
		return Snapshot{}, err
	}
	if err := c.keepList(n, commit, listed); err != nil {
		return Snapshot{}, err
	}
	if err := c.files(ctx, n, commit, listed); err != nil {
		return Snapshot{}, err
	}
	if commit != n.Revision {
		if err := c.keepRef(n, commit); err != nil {
			return Snapshot{}, err
		}
	}
	return Snapshot{Name: n, Commit: commit, Dir: c.snapshotFolder(n, commit)}, nil
}

// files downloads the files of a model: the small ones first, as the index among them says which hold the weights.
func (c *Client) files(ctx context.Context, n Name, commit string, listed []entry) error {
	small, err := smallFiles(n, listed)
	if err != nil {
		return err
	}
	p := Progress{}
	moved := func(bytes int64) {
		p.Done += bytes
		if c.Progress != nil {
			c.Progress(p)
		}
	}
	get := func(entries []entry) error {
		for _, e := range entries {
			p.Total += e.bytes()
		}
		for _, e := range entries {
			p.File = e.Path
			if err := c.file(ctx, n, commit, e, moved); err != nil {
				return err
			}
		}
		return nil
	}
	if err := get(small); err != nil {
		return err
	}
	weights, err := c.weights(n, commit, listed)
	if err != nil {
		return err
	}
	return get(weights)
}

// smallFiles returns the files beside the weights: configuration, tokenizer, index. Folders, pictures and what is for
// other programs is left out.
func smallFiles(n Name, listed []entry) ([]entry, error) {
	var small []entry
	for _, e := range listed {
		if !fileForm.MatchString(e.Path) || !slices.Contains([]string{".json", ".jinja", ".model", ".txt"}, filepath.Ext(e.Path)) {
			continue
		}
		if err := e.check(n); err != nil {
			return nil, err
		}
		small = append(small, e)
	}
	if !slices.ContainsFunc(small, func(e entry) bool { return e.Path == configFile }) {
		return nil, fmt.Errorf("model %s has no %s: it cannot be used here", n, configFile)
	}
	return small, nil
}

// weights returns the files with the weights. Their index, if there is one, is in the snapshot by now.
func (c *Client) weights(n Name, commit string, listed []entry) ([]entry, error) {
	at := func(name string) int { return slices.IndexFunc(listed, func(e entry) bool { return e.Path == name }) }
	names, err := weightFiles(c.snapshotFolder(n, commit), func(name string) bool { return at(name) >= 0 })
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", n, err)
	}
	if names == nil {
		return nil, fmt.Errorf("model %s has no weights that can be read here: want %s, %s, or one of their indexes", n, safetensorsFile, torchFile)
	}
	var weights []entry
	for _, name := range names {
		i := at(name)
		if i < 0 {
			return nil, answerError(n, "its index of weights lists %q, which is not among its files", name)
		}
		if err := listed[i].check(n); err != nil {
			return nil, err
		}
		weights = append(weights, listed[i])
	}
	return weights, nil
}

// keepRef notes which commit the revision is. It comes last, so that whoever finds it finds the files too.
func (c *Client) keepRef(n Name, commit string) error {
	path := filepath.Join(c.modelFolder(n), "refs", filepath.FromSlash(n.Revision))
	if old, err := readSmall(path, maxRef); err == nil && string(old) == commit {
		return nil
	}
	return writeSmall(path, []byte(commit))
}

// keepList notes the files of a commit where huggingface_hub looks for them.
func (c *Client) keepList(n Name, commit string, listed []entry) error {
	path := filepath.Join(c.modelFolder(n), "trees", commit+".json")
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	type file struct {
		Size      int64  `json:"size"`
		BlobID    string `json:"blob_id"`
		LFSSHA256 string `json:"lfs_sha256,omitempty"`
		LFSSize   int64  `json:"lfs_size,omitempty"`
		Xet       string `json:"xet_hash,omitempty"`
	}
	files := map[string]file{}
	for _, e := range listed {
		f := file{Size: e.Size, BlobID: e.OID, Xet: e.Xet}
		if e.LFS != nil {
			f.LFSSHA256, f.LFSSize = e.LFS.OID, e.LFS.Size
		}
		files[e.Path] = f
	}
	content, err := json.MarshalIndent(struct {
		Version int             `json:"format_version"`
		Files   map[string]file `json:"files"`
	}{1, files}, "", " ")
	if err != nil {
		return err
	}
	return writeSmall(path, content)
}
