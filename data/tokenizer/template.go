package tokenizer

// processor is a post-processor, or a Sequence of them.
type processor struct {
	Type       string         `json:"type"`
	Processors []*processor   `json:"processors"`
	CLS        []any          `json:"cls"`
	SEP        []any          `json:"sep"`
	Single     []templatePart `json:"single"`
}

type templatePart struct {
	SpecialToken *struct {
		ID string `json:"id"`
	} `json:"SpecialToken"`
	Sequence *struct{} `json:"Sequence"`
}

// template is the tokens that a post-processor puts in front of a text and behind it.
type template struct {
	known      bool // there is a post-processor that decides it
	start, end []string
}

// template reads the post-processor of a file.
func (j *jsonTokenizer) template() (template, error) {
	t, err := j.PostProcessor.template()
	if err == nil && len(t.start) > 1 {
		err = unsupported(jsonFile, "post_processor that puts the tokens %q in front of a text, want at most one", t.start)
	}
	return t, err
}

// bosDefault is the special token in front of a text; a file without a post-processor leaves it to the
// family.
func (t template) bosDefault(v *vocabulary) bosDefault {
	switch {
	case !t.known:
		return familyBOS(v.id)
	case len(t.start) == 0:
		return bosDefault{}
	}
	return bosDefault{on: true, token: t.start[0]}
}

// ids of the tokens behind a text.
func (t template) endIDs(v *vocabulary) (ids []int, err error) {
	for _, token := range t.end {
		id, ok := v.id(token)
		if !ok {
			return nil, malformed(jsonFile, "post_processor adds %q, which is not in the vocabulary", token)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (p *processor) template() (template, error) {
	if p == nil {
		return template{}, nil
	}
	switch p.Type {
	case "Sequence":
		var all template
		for _, part := range p.Processors {
			t, err := part.template()
			if err != nil {
				return template{}, err
			}
			if t.known && all.known {
				return template{}, unsupported(jsonFile, "post_processor Sequence of which two add tokens")
			}
			if t.known {
				all = t
			}
		}
		return all, nil
	case "ByteLevel": // it only trims offsets
		return template{}, nil
	case "TemplateProcessing":
		return p.processing()
	case "BertProcessing", "RobertaProcessing":
		start, err := p.tokenOf(p.CLS, "cls")
		if err != nil {
			return template{}, err
		}
		end, err := p.tokenOf(p.SEP, "sep")
		return template{known: true, start: []string{start}, end: []string{end}}, err
	}
	return template{}, unsupported(jsonFile, "post_processor %s", p.Type)
}

func (p *processor) tokenOf(pair []any, name string) (string, error) {
	if len(pair) == 2 {
		if token, ok := pair[0].(string); ok {
			return token, nil
		}
	}
	return "", malformed(jsonFile, "post_processor %s has no %s token", p.Type, name)
}

// processing reads the template of one text: tokens around the only Sequence.
func (p *processor) processing() (template, error) {
	t := template{known: true}
	texts := 0
	for _, part := range p.Single {
		switch {
		case part.Sequence != nil:
			texts++
		case part.SpecialToken == nil:
			return template{}, malformed(jsonFile, "post_processor %s has a part that is neither SpecialToken nor Sequence", p.Type)
		case texts == 0:
			t.start = append(t.start, part.SpecialToken.ID)
		default:
			t.end = append(t.end, part.SpecialToken.ID)
		}
	}
	if texts != 1 {
		return template{}, unsupported(jsonFile, "post_processor %s with %d Sequences in single, want one", p.Type, texts)
	}
	return t, nil
}
