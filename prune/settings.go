package prune

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/adagp/adagp/internal/inputfile"
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/tensor"
)

// Setting is one of the things that decide the bytes of a result.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// notSettings are the fields of Options that do not change results, or that others stand for.
var notSettings = map[string]bool{"Method": true, "Feedback": true, "Progress": true, "Log": true, "Memory": true, "WholeModel": true, "Held": true, "NoFinish": true, "InFile": true, "ScratchDir": true, "ScratchDType": true, "Batch": true}

// Fingerprint returns what Report.Settings of a run that writes its result would be: a checksum over
// everything that the result depends on. It reads the weights for that.
func Fingerprint(ctx context.Context, m *models.Model, windows [][]int, o Options) (string, error) {
	r, err := newRun(m, windows, o, nil)
	if err == nil {
		err = r.sumSource(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("prune: %w", err)
	}
	return r.report.Settings, nil
}

// hiddenType says how hidden states between layers are rounded.
func (p *Plan) hiddenType() string {
	if p.Scratch.Where == "file" {
		return p.Scratch.DType
	}
	return tensor.F32.String()
}

// fingerprint is a checksum over settings and, if they are known, the sums of the tensors of the model.
func fingerprint(list []Setting, source map[string]string) string {
	b, _ := json.Marshal(list) // strings always encode
	if source != nil {
		s, _ := json.Marshal(source) // sorted by name
		b = append(b, s...)
	}
	return sum(b)
}

// listSettings lists everything that the result depends on, so that a run goes on only where it would
// have come to the same.
func (r *run) listSettings() ([]Setting, error) {
	list := []Setting{{"program version", r.report.Version}, {"kernel", r.report.Kernel}}
	d := r.method.Describe()
	list = append(list, settingsOf("method", d.Name, d.Settings)...)
	if d.Solver != d.Name {
		list = append(list, Setting{"solver", d.Solver})
	}
	if f := r.options.Feedback; f != nil {
		list = append(list, settingsOf("rounding", f.Describe().Name, f.Describe().Settings)...)
	}
	options := reflect.ValueOf(*r.options)
	for i := range options.NumField() {
		name := options.Type().Field(i).Name
		if notSettings[name] {
			continue
		}
		v, err := settingValue(options.Field(i).Interface())
		if err != nil {
			return nil, err
		}
		list = append(list, Setting{settingName(name), v})
	}
	list = append(list, Setting{settingFinish, fmt.Sprint(r.finisher != nil)})
	list = append(list, Setting{settingHidden, r.plan.hiddenType()})
	list = append(list, Setting{"calibration windows (sha256 of their ids)", r.report.Calibration.SHA256})
	list = append(list, Setting{settingWindows, batchSizes(r.batches)})
	if IsAllocationFile(r.options.Allocation) {
		b, err := inputfile.ReadPath(r.options.Allocation, maxAllocationFile)
		if err != nil {
			return nil, err
		}
		list = append(list, Setting{"content of " + r.options.Allocation, sum(b)})
	}
	input, err := inputSettings(r.model)
	return append(list, input...), err
}

// settingsOf lists the name and the settings of a method or a solver.
func settingsOf(what, name string, settings map[string]any) []Setting {
	list := []Setting{{what, name}}
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		list = append(list, Setting{what + " " + key, fmt.Sprint(settings[key])})
	}
	return list
}

// settingName turns the name of a field into words.
func settingName(field string) string {
	return strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(field, "$1 $2"))
}

func settingValue(v any) (string, error) {
	if s, ok := v.(fmt.Stringer); ok {
		if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && rv.IsNil() {
			return "none", nil
		}
		return s.String(), nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// SettingsError says that an interrupted run had other settings, or another input.
type SettingsError struct {
	Differences []string // "sparsity 0.6, was 0.5"
}

// Error lists the differences.
func (e *SettingsError) Error() string {
	return "resume: the interrupted run had other settings or another input: " + strings.Join(e.Differences, "; ")
}

// compareSettings reports what is different.
func compareSettings(then, now []Setting) error {
	was := map[string]string{}
	for _, s := range then {
		was[s.Name] = s.Value
	}
	var differences []string
	for _, s := range now {
		v, known := was[s.Name]
		delete(was, s.Name)
		switch {
		case known && v == s.Value:
		case strings.HasPrefix(s.Name, inputFile):
			differences = append(differences, s.Name+" has changed")
		case !known:
			differences = append(differences, fmt.Sprintf("%s is %s, was not recorded", s.Name, s.Value))
		default:
			differences = append(differences, fmt.Sprintf("%s is %s, was %s", s.Name, s.Value, v))
		}
	}
	for _, s := range then {
		if v, gone := was[s.Name]; gone {
			differences = append(differences, fmt.Sprintf("%s was %s", s.Name, v))
		}
	}
	if len(differences) == 0 {
		return nil
	}
	return &SettingsError{differences}
}
