// Package checkpoint maps tensor names to bytes: it reads the weights of a model folder as Hugging
// Face writes it, and writes a changed copy of such a folder.
//
// [Open] reads headers only; a tensor's numbers are read when asked for by name, so that a large
// model can be processed one decoder layer at a time. [Reader.Read] is the one place where stored
// types are widened to float32.
//
// [NewWriter] plans an output folder with the same tensors, names, types and shard layout.
// [Writer.Put] stores changed tensors as they become ready; [Writer.Commit] copies the others byte
// for byte, adds the other files of the folder and gives the whole its final name.
//
// Whoever writes a copy of a model must be sure that it is one model: a Writer makes its source compare each
// tensor with what it was at first, see [Sums], and reads back what it has written.
//
// [NewPacker] writes a copy in which matrices are stored without their zeros; see [Bitmask] and [Semi].
// pruning.json lists them, and a Reader presents them as what they stand for, so that such a folder is
// a model folder like any other. [Reader.Packed] gives them as they are stored.
//
// The two file formats are in the sub-packages safetensors (read and write) and torch (PyTorch
// pickles, read only).
package checkpoint
