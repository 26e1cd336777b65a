package pattern

import "unicode"

// classes is the set of a general category or a script by its Unicode name. C and Cn are not among them:
// they depend on which characters there are.
func classes(name string) (*set, bool) {
	table, ok := unicode.Categories[name]
	if !ok {
		table, ok = unicode.Scripts[name]
	}
	if !ok || name == "C" || name == "Cs" || name == "Cn" || name == "LC" {
		return nil, false
	}
	return tableSet(table).union(&set{ranges: newerOf(name)}), true
}
