// Package safetensors reads and writes the safetensors file format: eight bytes of little-endian
// header length, a JSON header that gives every tensor's type, shape and byte range, and the bytes.
//
// Reading checks everything the header claims before any tensor is touched. Like the reference
// library it accepts scalars (shape []), tensors without elements, data that is not aligned, blanks
// around the JSON, and entries in any order; and like it, it refuses a header above 100 MB, values
// of the wrong kind, sizes that disagree with shape and type, and data that is not covered exactly
// by the tensors: no overlap, no gap, nothing behind the last one. Stricter than the reference, it
// refuses names that occur twice and keys it does not know, since either could hide other content
// from another reader, and shapes of more than 64 dimensions.
package safetensors
