// Package models turns a model folder as Hugging Face writes it into a runnable network.
//
// Open reads config.json, picks the architecture by its name from a registry, builds the network
// without values and compares names, shapes and types with the checkpoint's headers; nothing large
// is read. Load then fills any part of the network, one decoder layer for instance, and Unload
// empties it again, so that a model larger than the memory can be streamed.
//
// An architecture is a package below this one that calls Register; import models/all for all of
// them. The path "demo:llama" or "demo:opt" opens one of the small trained models that are embedded
// in the program.
package models
