package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// partial is the folder DIR.partial of a run under way, or of one that was interrupted, locked. What it
// holds is listed in partialfolder.go.
type partial struct {
	dir     string
	out     string // the output folder
	lock    *os.File
	journal *journal // nil until begun
	resumed bool     // there are records of an earlier run

	removing func(path string) // called before each removal, if not nil: tests look at the order
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
// where records say so, with force to begin anew; otherwise it is in the way. Only a folder that a run
// has left, or an empty one, is taken over; anything else is a *ForeignError.
func openPartial(dir string, resume, force bool) (p *partial, err error) {
	const tries = 100 // each one that fails means that another process has just removed the folder
	for range tries {
		p, err = tryPartial(dir, resume, force)
		if !errors.Is(err, fs.ErrNotExist) {
			return p, err
		}
		if _, above := os.Stat(filepath.Dir(dir)); above != nil {
			return nil, err
		}
	}
	return nil, err
}

// tryPartial is openPartial, with an fs.ErrNotExist when the folder vanishes meanwhile.
func tryPartial(dir string, resume, force bool) (_ *partial, err error) {
	p := &partial{dir: dir, out: strings.TrimSuffix(dir, PartialSuffix)}
	err = os.Mkdir(dir, 0o777)
	made := err == nil
	switch {
	case made:
	case !errors.Is(err, fs.ErrExist):
		return nil, err
	default:
		if err := checkLeftOver(dir, resume || force); err != nil {
			return nil, err
		}
	}
	flags := os.O_RDWR
	if made || resume || force {
		flags |= os.O_CREATE
	}
	if p.lock, err = lockPath(p.path(lockFile), flags); err != nil {
		if errors.Is(err, errLocked) {
			return nil, &LockedError{Path: dir}
		}
		if made {
			_ = os.Remove(dir) // fails, as it should, when it is not empty any more
		}
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	switch {
	case made:
		return p, nil
	case !resume && !force:
		return nil, &ExistsError{Path: dir, Partial: true}
	}
	if err := p.takeOver(resume); err != nil {
		return nil, err
	}
	return p, nil
}

// takeOver looks at what an earlier run has left. It keeps it if there are records to resume from, and
// clears it away otherwise.
func (p *partial) takeOver(resume bool) error {
	if err := p.checkNames(); err != nil {
		return err
	}
	var err error
	if p.journal, err = openJournal(p.path(journalFile)); err != nil && resume {
		return err
	}
	if err := p.checkContents(); err != nil {
		return err
	}
	if resume && len(p.journal.records) > 0 {
		p.resumed = true
		return nil
	}
	err = p.clear()
	p.journal = nil
	return err
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
	return errors.Join(p.journal.close(), p.unlock())
}

// unlock closes the lock file, once.
func (p *partial) unlock() error {
	if p.lock == nil {
		return nil
	}
	err := p.lock.Close()
	p.lock = nil
	return err
}

// forget empties the journal, so that a removal which does not come to its end leaves nothing that looks
// like a run to continue.
func (p *partial) forget() error {
	if p.journal == nil || p.journal.f == nil {
		return nil
	}
	return p.journal.f.Truncate(0)
}
