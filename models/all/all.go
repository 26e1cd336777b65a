// Package all makes every architecture known to the models registry; import it for its effect.
package all

import (
	_ "github.com/adagp/adagp/models/llama" // LlamaForCausalLM
	_ "github.com/adagp/adagp/models/opt"   // OPTForCausalLM
)
