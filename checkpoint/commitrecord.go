package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
)

// commitRecord is written before the output gets its name. The folder's identity tells afterwards
// whether that came to pass.
type commitRecord struct {
	Commit *folderID `json:"commit"`
}

type folderID struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
}

// commitStart is how every commitRecord begins, and nothing that others append.
var commitStart = []byte(`{"commit":`)

func committed(record []byte) (*folderID, bool) {
	var c commitRecord
	if !bytes.HasPrefix(record, commitStart) {
		return nil, false
	}
	if json.Unmarshal(record, &c) != nil || c.Commit == nil {
		return nil, false
	}
	return c.Commit, true
}

// markCommit records that the model folder is complete and about to be renamed.
func (p *partial) markCommit() error {
	id, err := identify(p.path(modelFolder))
	if err != nil {
		return err
	}
	record, err := json.Marshal(commitRecord{&id})
	if err != nil {
		return err
	}
	return p.journal.append(record)
}

// finished reports whether an earlier run got as far as giving the output its name.
func (p *partial) finished() bool {
	if p.named() {
		return true
	}
	if now, err := identify(p.out); err == nil && now != (folderID{}) || len(p.commits()) == 0 {
		return false
	}
	_, err := os.Stat(p.path(modelFolder))
	return errors.Is(err, fs.ErrNotExist)
}

// named reports whether the output has its name for certain: the folder of that name is the one of a
// commit record. If there is a model folder still, then it is the one that --force replaced: the two
// have changed places.
func (p *partial) named() bool {
	now, err := identify(p.out)
	return err == nil && now != (folderID{}) && slices.Contains(p.commits(), now)
}

// commits lists the folders that were about to get the output's name.
func (p *partial) commits() []folderID {
	var ids []folderID
	if p.journal != nil {
		for _, record := range p.journal.records {
			if id, ok := committed(record); ok {
				ids = append(ids, *id)
			}
		}
	}
	return ids
}
