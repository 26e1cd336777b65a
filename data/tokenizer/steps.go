package tokenizer

// step is one normalizer, pre-tokenizer or decoder, or a Sequence of them, with the fields of all types.
type step struct {
	Type             string      `json:"type"`
	Normalizers      []*step     `json:"normalizers"`
	PreTokenizers    []*step     `json:"pretokenizers"`
	Decoders         []*step     `json:"decoders"`
	Prepend          string      `json:"prepend"`
	Content          string      `json:"content"`
	Pattern          stepPattern `json:"pattern"`
	Behavior         string      `json:"behavior"`
	Invert           bool        `json:"invert"`
	IndividualDigits bool        `json:"individual_digits"`
	AddPrefixSpace   *bool       `json:"add_prefix_space"`
	UseRegex         *bool       `json:"use_regex"`
	Replacement      string      `json:"replacement"`
	PrependScheme    string      `json:"prepend_scheme"`
	Split            *bool       `json:"split"`
	StripLeft        bool        `json:"strip_left"`
	StripRight       bool        `json:"strip_right"`
	Start            int         `json:"start"`
	Stop             int         `json:"stop"`
	Delimiter        string      `json:"delimiter"`
}

// stepPattern is what a step looks for.
type stepPattern struct {
	String *string `json:"String"`
	Regex  *string `json:"Regex"`
}

// flatten returns the steps of s in order, sequences opened.
func (s *step) flatten() []*step {
	if s == nil {
		return nil
	}
	if s.Type != "Sequence" {
		return []*step{s}
	}
	var all []*step
	for _, parts := range [][]*step{s.Normalizers, s.PreTokenizers, s.Decoders} {
		for _, part := range parts {
			all = append(all, part.flatten()...)
		}
	}
	return all
}
