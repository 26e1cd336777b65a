package method

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/adagp/adagp/prune"
	"github.com/adagp/adagp/prune/adagp"
	"github.com/adagp/adagp/prune/quant"
	"github.com/adagp/adagp/prune/registry"
)

// SpecHelp lists the settings that may follow a name, for help and errors.
const SpecHelp = `":paper", a preset such as ":fast", ":solver=NAME", ":allocation=NAME", ":epochs=N", ":wbits=B"`

// ParseSpec reads a method with its settings, such as "adagp:fast" or "adagp:solver=alps:epochs=2".
func ParseSpec(spec string) (o prune.Options, err error) {
	name, rest, more := strings.Cut(spec, ":")
	if known := Names(); !slices.Contains(known, name) {
		return o, fmt.Errorf("%q: want a method of %s", spec, strings.Join(known, ", "))
	}
	settings := registry.Settings{}
	for more {
		var setting string
		setting, rest, more = strings.Cut(rest, ":")
		key, value, _ := strings.Cut(setting, "=")
		switch {
		case setting == "paper":
			settings["paper"] = "true"
		case slices.Contains(adagp.Presets, setting):
			settings["preset"] = setting
		case key == "allocation" && slices.Contains(Allocations(), value):
			// A file's content would be a setting that nobody compares.
			o.Allocation = value
		case key == "wbits":
			o.Quantize = &quant.Spec{}
			if o.Quantize.Bits, err = strconv.Atoi(value); err != nil {
				return o, fmt.Errorf("%q: want %d to %d bits", spec, quant.MinBits, quant.MaxBits)
			}
		case key == "solver", key == "epochs":
			settings[key] = value
		default:
			return o, fmt.Errorf("%q: setting %q is none of %s with known names", spec, setting, SpecHelp)
		}
	}
	if o.Method, err = registry.New(name, settings); err != nil {
		return o, fmt.Errorf("%q: %w", spec, err)
	}
	if o.Quantize != nil {
		err = SetRounding(&o, "", settings)
	}
	return o, err
}
