package all_test

import (
	"fmt"

	"github.com/adagp/adagp/models"
	_ "github.com/adagp/adagp/models/all"
)

// One blank import makes every architecture known.
func Example() {
	for _, a := range models.Architectures() {
		fmt.Println(a)
	}
	// Output:
	// BloomForCausalLM
	// Cohere2ForCausalLM
	// CohereForCausalLM
	// FalconForCausalLM
	// GPT2LMHeadModel
	// GPTJForCausalLM
	// GPTNeoXForCausalLM
	// Gemma2ForCausalLM
	// Gemma3ForCausalLM
	// Gemma3ForConditionalGeneration
	// GemmaForCausalLM
	// Glm4ForCausalLM
	// GraniteForCausalLM
	// LlamaForCausalLM
	// MPTForCausalLM
	// MistralForCausalLM
	// MixtralForCausalLM
	// MptForCausalLM
	// OPTForCausalLM
	// Olmo2ForCausalLM
	// Olmo3ForCausalLM
	// OlmoForCausalLM
	// OlmoeForCausalLM
	// Phi3ForCausalLM
	// PhiForCausalLM
	// Qwen2ForCausalLM
	// Qwen2MoeForCausalLM
	// Qwen3ForCausalLM
	// Qwen3MoeForCausalLM
	// SmolLM3ForCausalLM
	// StableLmForCausalLM
	// Starcoder2ForCausalLM
}
