// Package gguf reads GGUF files, in which programs on the library ggml keep models: metadata, among it the tokenizer, and
// tensors, most of them in blocks of few bits, which are dequantised as they are read.
//
// Files are not trusted: no length in one is believed before the file is seen to have as many bytes, and everything
// wrong is a *checkpoint.FormatError.
package gguf
