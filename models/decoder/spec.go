package decoder

import (
	"github.com/adagp/adagp/models"
	"github.com/adagp/adagp/nn"
)

// Spec declares a decoder-only transformer. The zero value of a field is what most models have.
type Spec struct {
	models.Config
	Names     Names
	Norm      Norm
	Placement Placement
	// FinalNorm says that there is a norm behind the last layer.
	FinalNorm bool
	Embedding Embedding
	Position  Position
	Attention Attention
	MLP       MLP
	Head      Head
	// ResidualScale multiplies each branch where it joins the residual stream; 0 means 1 (Granite).
	ResidualScale float32
	// Transposed says that files store the matrices of the layers as [in, out] (GPT-2).
	Transposed bool
}

// NormKind is the formula of the norms.
type NormKind int

const (
	RMSNorm   NormKind = iota // Zhang and Sennrich 2019
	LayerNorm                 // Ba, Kiros and Hinton 2016
)

// Norm says what all norms of the model have in common.
type Norm struct {
	Kind NormKind
	Eps  float32
	// PlusOne says that files store the weight less one (Gemma).
	PlusOne bool
	// NoBias is a layer norm with a weight alone (MPT, Cohere); NoWeights one with neither (OLMo 1).
	NoBias, NoWeights bool
}

// Placement says where the norms N of a layer stand around attention A and the feed-forward block F: N₁ to N₄ are
// the AttentionNorm, AttentionOutNorm, MLPNorm and MLPOutNorm of Names.
type Placement int

const (
	Before          Placement = iota // h = x + A(N₁x), y = h + F(N₃h)
	AfterSum                         // h = N₁(x + A(x)), y = N₃(h + F(h)), as in opt-350m
	AfterBranch                      // h = x + N₂(A(x)), y = h + N₄(F(h)), as in OLMo 2
	Sandwich                         // h = x + N₂(A(N₁x)), y = h + N₄(F(N₃h)), as in Gemma 2
	ParallelOneNorm                  // y = x + A(N₁x) + F(N₁x), as in Phi-2
	ParallelTwoNorm                  // y = x + A(N₁x) + F(N₃x), as in GPT-NeoX
)

// Embedding says what happens to token vectors before the first layer.
type Embedding struct {
	// Width of the table; where it differs from HiddenSize, linear maps lead in and out. 0 means HiddenSize.
	Width int
	// Scale multiplies the vectors; 0 means 1 (Gemma, Granite).
	Scale float32
	// Norm says that a norm follows (BLOOM).
	Norm bool
}

// PositionKind says how tokens know where they are.
type PositionKind int

const (
	Rotary     PositionKind = iota // queries and keys are rotated (Su et al. 2021)
	Learned                        // a vector for each position is added to the embedding
	ALiBi                          // scores fall with the distance (Press et al. 2022)
	NoPosition                     // causality is all
)

// Position says where positions come from.
type Position struct {
	Kind PositionKind
	// Offset is the number of unused rows in front of a table of learned vectors.
	Offset int
	// Rotary are the rotary embeddings that layers use, and PerLayer which of them each layer does, -1 for
	// none; a nil PerLayer gives all layers the first (Gemma 3, SmolLM3).
	Rotary   []RotaryEmbedding
	PerLayer []int
	// ALiBi are the biases of the kind of that name.
	ALiBi LinearBias
}

// LinearBias says how scores fall with the distance: by a slope for each head.
type LinearBias struct {
	Slopes []float32
	// Factor of the biases; 0 means 1. Rounded slopes and biases, before it, are those of bfloat16 (Falcon).
	Factor  float32
	Rounded bool
}

// RotaryEmbedding is one way to rotate queries and keys.
type RotaryEmbedding struct {
	Theta   float64
	Scaling nn.RoPEScaling
	// Dims is the number of elements of a head that are rotated; 0 means all (GPT-NeoX, Phi).
	Dims int
	// Interleaved pairs neighbours instead of halves (GPT-J, Cohere).
	Interleaved bool
}

// Layout says how the maps to queries, keys and values are stored.
type Layout int

const (
	Separate Layout = iota // three matrices
	Stacked                // one, with the rows of queries, keys and values below each other (GPT-2, Phi-3)
	PerHead                // one, with queries, keys and values of each head (GPT-NeoX, BLOOM)
	PerGroup               // one, with the queries of each group, its keys and its values (Falcon)
)

// QKNorm says how queries and keys are normalised before they are rotated.
type QKNorm int

const (
	NoQKNorm        QKNorm = iota
	QKNormPerHead          // over the width of a head (Qwen3, Gemma 3)
	QKNormFullWidth        // over all heads together (OLMo 2)
	QKNormEachHead         // over the width of a head, by weights of its own in one tensor of all heads (Cohere)
	QKNormHeadList         // the same, with a tensor for each head (StableLM)
)

// Attention says how tokens look at each other.
type Attention struct {
	Layout Layout
	// QKVBias and OutputBias say which maps have a bias.
	QKVBias, OutputBias bool
	// Scale multiplies the scores; 0 means HeadDim^-½.
	Scale float32
	// SoftCap c bounds the scores s to c·tanh(s/c); 0 means no bound (Gemma 2).
	SoftCap float32
	// Clip bounds queries, keys and values, behind their norms; 0 means no bound (OLMo 1).
	Clip float32
	// Window is the number of positions that the queries of each layer see, 0 for all; nil means all in
	// every layer (Mistral, Gemma).
	Window []int
	QKNorm QKNorm
}

// MLP says what the feed-forward block is. Its non-linearity is the Config's Activation.
type MLP struct {
	// Gated blocks are down(φ(gate(x)) ⊙ up(x)), others down(φ(up(x))).
	Gated bool
	// Stacked says that gate and up are one matrix, with the rows of gate first (Phi-3).
	Stacked bool
	// InBias is a bias of gate and up, OutBias one of down.
	InBias, OutBias bool
	// Experts take the place of the block where there are some.
	Experts Experts
}

// Experts are several gated blocks without biases, of which each token goes through a few (Mixtral, Qwen-MoE).
type Experts struct {
	Count, Active, Width int // how many, how many of them for a token, and the intermediate size of each
	// Normalised says that the weights of a token's experts are divided by their sum.
	Normalised bool
	// SharedWidth is the intermediate size of one that all tokens go through, times a gate; 0: there is none.
	SharedWidth int
	// Plain says which layers have the usual block instead; nil: none.
	Plain []bool
}

// Head says how hidden states become logits.
type Head struct {
	Bias bool // (Phi-2, GPT-J)
	// Scale multiplies the logits; 0 means 1 (Granite, Cohere).
	Scale float32
	// SoftCap c bounds the logits l to c·tanh(l/c); 0 means no bound (Gemma 2).
	SoftCap float32
}
