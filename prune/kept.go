package prune

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// keptChoices is what the plan of an interrupted run has decided about the bytes of the result. A run that
// goes on with it plans within these choices, whatever its budget is.
type keptChoices struct {
	windows  string // settings as in the journal: windows per forward pass,
	hidden   string // type of hidden states,
	finish   bool   // and whether there is a last step
	noFinish bool   // which was dropped, for lack of memory or on request
}

// Names of the settings that follow from a plan.
const (
	settingWindows = "windows per forward pass"
	settingHidden  = "hidden states"
	settingFinish  = "global step after the last layer"
)

// kept reads the choices of an interrupted run; nil where there is none.
func kept(out Sink) *keptChoices {
	k, ok := out.(Keeper)
	if !ok || len(k.Records()) == 0 {
		return nil
	}
	c := &keptChoices{}
	for _, text := range k.Records() {
		var rec entry
		if json.Unmarshal(text, &rec) != nil {
			return nil // recall says so
		}
		c.noFinish = c.noFinish || rec.NoFinish
		for _, s := range rec.Settings {
			switch s.Name {
			case settingWindows:
				c.windows = s.Value
			case settingHidden:
				c.hidden = s.Value
			case settingFinish:
				c.finish, _ = strconv.ParseBool(s.Value)
			}
		}
	}
	return c
}

// agrees reports whether a plan comes to the bytes that the interrupted run was on the way to, or, if the
// last step is to be left out now, to those without it.
func (c *keptChoices) agrees(batches [][][]int, p *Plan, drop bool) bool {
	return c == nil || c.windows == batchSizes(batches) && c.hidden == p.hiddenType() && (p.Finish == "runs") == (c.finish && !c.noFinish && !drop)
}

// batchSizes lists the windows per forward pass.
func batchSizes(batches [][][]int) string {
	var sizes []int
	for _, b := range batches {
		sizes = append(sizes, len(b))
	}
	return fmt.Sprint(sizes)
}
