package prune

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/adagp/adagp/nn"
	"github.com/adagp/adagp/tensor"
)

// Keeper is a [Sink] that survives the process, so that a run which ends before its time can go on in
// another one: [Run] appends a record for everything that took long, and when it finds records of an
// earlier run with the same settings it takes their word for it.
type Keeper interface {
	RawSink
	// Records returns what was appended so far, by this and by earlier processes.
	Records() [][]byte
	// Append adds a record without line ends. When it returns, the record, and everything that was put
	// before it, is durable.
	Append(record []byte) error
	// Sum returns a checksum of the stored bytes of a tensor that was put.
	Sum(name string) (string, error)
	// Stored returns a tensor that an earlier process has put with that checksum.
	Stored(name, sum string) (*tensor.Tensor, error)
	// StoredRaw counts a tensor that an earlier process has put by PutRaw as put, if it has that checksum.
	StoredRaw(name, sum string) error
	// PutState keeps bytes by name; State returns them.
	PutState(name string, b []byte) error
	State(name string) ([]byte, error)
}

// entry is a line of the journal: one of its fields is set.
type entry struct {
	Format   int               `json:"format,omitempty"` // of the journal, in the first line, with the next two
	Settings []Setting         `json:"settings,omitempty"`
	Source   map[string]string `json:"source,omitempty"`    // SHA-256 of the tensors of the model, by name
	NoFinish bool              `json:"no_finish,omitempty"` // the last step, which the settings ask for, is left out: in the first line for lack of memory, in a later one on request
	Prepared *preparedRecord   `json:"prepared,omitempty"`
	Layer    *layerRecord      `json:"layer,omitempty"`
	Finish   *finishRecord     `json:"finish,omitempty"`
}

// journalFormat counts the changes of what the lines say; the first format did not say its number.
const journalFormat = 2

// checkJournal refuses to go on with a run whose journal another version of the program has begun, and
// which would be misunderstood.
func checkJournal(out Sink) error {
	k, ok := out.(Keeper)
	if !ok || len(k.Records()) == 0 {
		return nil
	}
	first := struct{ Format int }{}
	if err := json.Unmarshal(k.Records()[0], &first); err != nil {
		return nil // recall says so
	}
	if f := max(first.Format, 1); f != journalFormat {
		return fmt.Errorf("resume: another version of the program has begun this run, with a journal of format %d; this version reads format %d: "+
			"end the run with that version, or begin it anew", f, journalFormat)
	}
	return nil
}

// preparedRecord tells that allocation and Fisher pass are done.
type preparedRecord struct {
	Allocation string `json:"allocation"`
	Sum        string `json:"sha256"` // of the state preparedState
}

// layerRecord tells that a decoder layer is done.
type layerRecord struct {
	Report          LayerReport       `json:"report"`
	Sums            map[string]string `json:"sums,omitempty"`   // of the tensors, by name
	Held            string            `json:"sha256,omitempty"` // of the state instead, where tensors wait for the finish
	Grids           map[string]string `json:"grids,omitempty"`  // of the tensors with the grids of rounded weights, by name
	Solver          string            `json:"solver"`
	Hyperparameters map[string]any    `json:"hyperparameters"`
}

// setMethod takes down what the method says of itself.
func (rec *layerRecord) setMethod(d Description) {
	rec.Solver, rec.Hyperparameters = d.Solver, maps.Clone(d.Settings)
	if rec.Hyperparameters == nil {
		rec.Hyperparameters = map[string]any{}
	}
}

// finishRecord tells that nothing is left to compute.
type finishRecord struct {
	Layers []LayerReport     `json:"layers"`
	Notes  []Note            `json:"notes"`
	Sums   map[string]string `json:"sums"`
}

// Names of states.
const preparedState = "prepared"

func heldState(layer int) string { return fmt.Sprintf("layer-%d", layer) }

// past is what earlier processes have done of a run.
type past struct {
	prepared *preparedRecord
	layers   map[int]*layerRecord
	last     int // the last layer that is done, -1: none
	finish   *finishRecord
}

// recall reads the journal, or begins it, and compares settings and the weights of the model. Whether the machine has memory for the last
// step is decided once: where an earlier process has done so, that stands.
func (r *run) recall(ctx context.Context) error {
	r.past = past{layers: map[int]*layerRecord{}, last: -1}
	k, ok := r.out.(Keeper)
	if !ok || len(k.Records()) == 0 {
		if r.out != nil {
			if err := r.sumSource(ctx); err != nil {
				return err
			}
		}
		first := entry{Format: journalFormat, Settings: r.settings, Source: r.source, NoFinish: !r.fitsFinish()}
		if first.NoFinish {
			r.dropFinish()
		}
		r.keeper = k
		return r.append(first)
	}
	r.keeper = k
	for i, text := range k.Records() {
		var rec entry
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&rec); err != nil {
			return fmt.Errorf("resume: record %d of the interrupted run: %w", i, err)
		}
		switch {
		case i == 0:
			err := compareSettings(rec.Settings, r.settings)
			if err == nil {
				err = r.sumSource(ctx)
			}
			if err == nil {
				err = r.compareSource(rec.Source)
			}
			if err != nil {
				return err
			}
		case rec.Prepared != nil:
			r.past.prepared = rec.Prepared
		case rec.Layer != nil:
			r.past.layers[rec.Layer.Report.Index] = rec.Layer
			r.past.last = max(r.past.last, rec.Layer.Report.Index)
		case rec.Finish != nil:
			r.past.finish = rec.Finish
		case rec.NoFinish:
		default:
			return fmt.Errorf("resume: record %d of the interrupted run says nothing", i)
		}
	}
	return r.recallNoFinish()
}

// recallNoFinish leaves the last step out where the interrupted run was to, or where this one is.
func (r *run) recallNoFinish() error {
	switch {
	case r.finisher == nil || r.past.finish != nil:
	case r.kept != nil && r.kept.noFinish:
		r.leftOut("the interrupted run had not enough memory for the method's last step on the whole model, or was told to leave it out: it is left out")
		r.dropFinish()
	case r.options.NoFinish:
		r.dropFinish()
		return r.append(entry{NoFinish: true})
	}
	return nil
}

func (r *run) append(rec entry) error {
	if r.keeper == nil {
		return nil
	}
	text, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	return r.keeper.Append(text)
}

// putState keeps b and returns its checksum.
func (r *run) putState(name string, b []byte) (string, error) {
	if err := r.keeper.PutState(name, b); err != nil {
		return "", err
	}
	return sum(b), nil
}

// state returns what putState kept.
func (r *run) state(name, want string) ([]byte, error) {
	b, err := r.keeper.State(name)
	if err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	if sum(b) != want {
		return nil, fmt.Errorf("resume: what the interrupted run kept as %s has changed", name)
	}
	return b, nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// sums returns the checksums of what was put of the given matrices.
func (r *run) sums(linears []*nn.Linear) (map[string]string, error) {
	sums := map[string]string{}
	for _, lin := range linears {
		name := r.model.TensorName(lin.Weight)
		s, err := r.keeper.Sum(name)
		if err != nil {
			return nil, err
		}
		sums[name] = s
	}
	return sums, nil
}
