package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// The folder DIR.partial of a run under way, or of one that was interrupted:
//
//	lock      held by the process at work, so that there is one at a time
//	journal   what is done; begins when everything below exists at full size
//	state/    bytes that whoever continues asked to keep
//	model/    the output, which gets its final name when it is complete
const (
	lockFile    = "lock"
	journalFile = "journal"
	stateFolder = "state"
	modelFolder = "model"
)

// partial is that folder, locked.
type partial struct {
	dir     string
	lock    *os.File
	journal *journal // nil until begun
	resumed bool     // there are records of an earlier run
}

func (p *partial) path(parts ...string) string {
	return filepath.Join(append([]string{p.dir}, parts...)...)
}

// LockedError reports an output folder that another process is writing.
type LockedError struct {
	Path string // the folder DIR.partial
}

// Error says who is in the way.
func (e *LockedError) Error() string {
	return fmt.Sprintf("%s is in use: another process is writing this output", e.Path)
}

// CompleteError reports that there is nothing to continue: the run ended and the output is complete.
type CompleteError struct {
	Path string // the output folder
}

// Error names the folder.
func (e *CompleteError) Error() string { return fmt.Sprintf("output folder %s is complete", e.Path) }

// openPartial makes and locks DIR.partial, or takes over one that exists: with resume to continue
// where records say so, with force to begin anew; otherwise it is in the way.
func openPartial(dir string, resume, force bool) (_ *partial, err error) {
	p := &partial{dir: dir}
	exists := false
	if err := os.Mkdir(dir, 0o777); errors.Is(err, fs.ErrExist) {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			if !force {
				return nil, &ExistsError{Path: dir, Partial: true}
			}
			if err := errors.Join(os.Remove(dir), os.Mkdir(dir, 0o777)); err != nil {
				return nil, err
			}
		} else if exists = true; !force {
			if _, err := os.Stat(p.path(lockFile)); err != nil { // nothing of ours, and nothing to lock
				if list, err := os.ReadDir(dir); err != nil || len(list) > 0 || !resume {
					return nil, &ExistsError{Path: dir, Partial: !resume}
				}
			}
		}
	} else if err != nil {
		return nil, err
	}
	if p.lock, err = lockPath(p.path(lockFile)); err != nil {
		if errors.Is(err, errLocked) {
			return nil, &LockedError{Path: dir}
		}
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	switch {
	case !exists:
		return p, nil
	case resume:
		if p.journal, err = openJournal(p.path(journalFile)); err != nil {
			return nil, err
		}
		if p.resumed = len(p.journal.records) > 0; p.resumed {
			return p, nil
		}
	case !force:
		return nil, &ExistsError{Path: dir, Partial: true}
	}
	return p, p.clear()
}

// clear removes everything but the lock.
func (p *partial) clear() error {
	if err := p.journal.close(); err != nil {
		return err
	}
	list, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.Name() != lockFile {
			if err := os.RemoveAll(p.path(e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin makes the journal of a new run.
func (p *partial) begin() (err error) {
	p.journal, err = openJournal(p.path(journalFile))
	return err
}

// records are those of whoever writes. Records of a run that was about to commit, and then could not,
// may stand anywhere between them.
func (p *partial) records() [][]byte {
	return slices.DeleteFunc(slices.Clone(p.journal.records), func(record []byte) bool {
		_, ok := committed(record)
		return ok
	})
}

// close gives the folder back.
func (p *partial) close() error {
	errs := []error{p.journal.close()}
	if p.lock != nil {
		errs = append(errs, p.lock.Close())
		p.lock = nil
	}
	return errors.Join(errs...)
}

// forget empties the journal, so that a removal which does not come to its end leaves nothing that looks
// like a run to continue.
func (p *partial) forget() error {
	if p.journal == nil {
		return nil
	}
	return p.journal.f.Truncate(0)
}

// remove deletes the folder, which is no longer needed. The journal goes last: as long as it is there
// it tells what became of the run.
func (p *partial) remove() error {
	return errors.Join(os.RemoveAll(p.path(modelFolder)), os.RemoveAll(p.path(stateFolder)), os.RemoveAll(p.dir), p.close())
}

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

// finished reports whether an earlier run got as far as giving the output its name dir.
func (p *partial) finished(dir string) bool {
	now, err := identify(dir)
	known := err == nil && now != (folderID{})
	for _, record := range p.journal.records {
		id, ok := committed(record)
		switch {
		case !ok:
		case known:
			if now == *id {
				return true
			}
		default:
			_, err := os.Stat(p.path(modelFolder))
			return errors.Is(err, fs.ErrNotExist)
		}
	}
	return false
}
