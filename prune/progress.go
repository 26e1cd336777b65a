package prune

// Stage names what a run does to a decoder layer at the moment.
type Stage string

// The stages of a run and, between the first and the last of them, of each decoder layer, in this
// order. A method may go back and forth between calibration and solving.
const (
	StagePrepare   Stage = "prepare"   // before the first layer: the dense model is looked over as a whole
	StageLoad      Stage = "load"      // weights are read, the dense model's outputs computed
	StageCalibrate Stage = "calibrate" // activations are observed
	StageSolve     Stage = "solve"     // weights are pruned
	StagePropagate Stage = "propagate" // the pruned layer's outputs are computed and weights written
	StageDone      Stage = "done"      // Event.Result is set
	StageFinish    Stage = "finish"    // after the last layer: the method goes over the whole model
)

// Rough shares of a run's time.
const (
	prepareShare = 0.15 // of a pass with gradients over the dense model
	finishShare  = 0.3  // of whatever a method does at the end
)

// Event tells a progress display where a run stands. Events come from one goroutine, in order.
type Event struct {
	Layer    int     // index of the decoder layer
	Position int     // layers finished before this one
	Layers   int     // layers of this run
	Stage    Stage   // what is being done
	Fraction float64 // share of the stage that is done, 0 to 1
	Tokens   int     // calibration tokens, all of which go through each layer in most stages
	// Result is the finished layer's report at StageDone, nil before and for layers in front of
	// the first pruned one, which are only run.
	Result *LayerReport
	// Restored marks a layer that an earlier process has pruned, see [Keeper].
	Restored bool

	before, after float64 // shares of the run's time that StagePrepare and StageFinish take
}

// Overall estimates the share of the whole run that is done, 0 to 1; it never decreases by more
// than a method's return to an earlier stage.
func (e Event) Overall() float64 {
	if e.Layers == 0 {
		return 0
	}
	// Rough shares of time: solving takes about as long as the passes over the data.
	begin := map[Stage]float64{StageLoad: 0, StageCalibrate: 0.15, StageSolve: 0.35, StagePropagate: 0.9, StageDone: 1}
	end := map[Stage]float64{StageLoad: 0.15, StageCalibrate: 0.35, StageSolve: 0.9, StagePropagate: 1, StageDone: 1}
	layers := 1 - e.before - e.after
	switch e.Stage {
	case StagePrepare:
		return e.before * min(max(e.Fraction, 0), 1)
	case StageFinish:
		return 1 - e.after + e.after*min(max(e.Fraction, 0), 1)
	}
	inside := begin[e.Stage] + (end[e.Stage]-begin[e.Stage])*min(max(e.Fraction, 0), 1)
	return e.before + layers*(float64(e.Position)+inside)/float64(e.Layers)
}
