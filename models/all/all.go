// Package all makes every architecture known to the models registry; import it for its effect.
package all

import (
	_ "github.com/adagp/adagp/models/bloom"
	_ "github.com/adagp/adagp/models/cohere"
	_ "github.com/adagp/adagp/models/falcon"
	_ "github.com/adagp/adagp/models/gemma"
	_ "github.com/adagp/adagp/models/glm4"
	_ "github.com/adagp/adagp/models/gpt2"
	_ "github.com/adagp/adagp/models/gptj"
	_ "github.com/adagp/adagp/models/gptneox"
	_ "github.com/adagp/adagp/models/granite"
	_ "github.com/adagp/adagp/models/llama"
	_ "github.com/adagp/adagp/models/mistral"
	_ "github.com/adagp/adagp/models/mixtral"
	_ "github.com/adagp/adagp/models/mpt"
	_ "github.com/adagp/adagp/models/olmo"
	_ "github.com/adagp/adagp/models/opt"
	_ "github.com/adagp/adagp/models/phi"
	_ "github.com/adagp/adagp/models/phi3"
	_ "github.com/adagp/adagp/models/qwen2"
	_ "github.com/adagp/adagp/models/qwen3"
	_ "github.com/adagp/adagp/models/smollm3"
	_ "github.com/adagp/adagp/models/stablelm"
	_ "github.com/adagp/adagp/models/starcoder2"
)
