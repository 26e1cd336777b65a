package global

import "github.com/adagp/adagp/prune"

// layerMemory implements prune.Wants.LayerMemory: masks are ready, and matrices are set one after the other.
func (m *method) layerMemory(s prune.LayerShape) []prune.StagePlan {
	var most int64
	for _, g := range s.Groups {
		for _, l := range g.Linears {
			if s.Prunes(l) {
				most = max(most, 2*prune.Float64s(l.Out(), l.In()))
			}
		}
	}
	return []prune.StagePlan{prune.NewStage("setting a layer", m.masksPart(s), prune.Part{What: "a matrix, before and after", Bytes: most})}
}

func (m *method) masksPart(s prune.LayerShape) prune.Part {
	return prune.Part{What: "masks of the whole model", Bytes: s.Prunable * int64(s.Layers) / 8}
}

// prepareMemory implements prune.Wants.PrepareMemory.
func (m *method) prepareMemory(s prune.LayerShape) prune.PreparePlan {
	p := prune.PreparePlan{PerWindow: true}
	all := s.Prunable * int64(s.Layers)
	scores := prune.Part{What: "weights of a layer", Bytes: 4 * s.Prunable} // which magnitudes are
	if m.name == taylorName {
		scores = prune.Part{What: "scores", Bytes: min(4*all, max(gradientBytes, 4*s.Prunable))}
		p.Backward = []prune.Part{scores, {What: "a gradient", Bytes: 4 * s.Widest}, m.masksPart(s)}
	}
	if !s.Structured && p.Backward != nil {
		p.Backward = append(p.Backward, prune.Part{What: "counts of scores", Bytes: prune.CounterBytes / 2})
	}
	if s.Structured {
		p.Stages = []prune.StagePlan{prune.NewStage("scores of the whole model", scores, m.masksPart(s), prune.Part{What: "scores of a matrix", Bytes: 8 * s.Widest})}
		return p
	}
	p.Stages = []prune.StagePlan{
		prune.NewStage("scores of the whole model", scores, prune.Part{What: "their distribution", Bytes: prune.CounterBytes}),
		prune.NewStage("scores near the threshold", scores, m.masksPart(s), prune.Part{What: "which of them are near", Bytes: closeBytes(all)}),
	}
	return p
}
