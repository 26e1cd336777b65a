// Package torch reads the weights in PyTorch checkpoint files, pytorch_model.bin and its shards:
// the zip container of torch.save since version 1.6 and the plain stream before it.
//
// Such a file is a program for Python's pickle machine. Here nothing of it is executed: the opcodes
// are checked against the few that a state dict needs, the classes they name against a fixed list
// of inert values ([Classes]), the sizes against the file, and only then does gopickle's machine
// build the table of tensors. The numbers stay in the file until a tensor is asked for, in the type
// they are stored in; views into a shared storage and strided (transposed) tensors are gathered on
// reading.
//
// Like PyTorch, the package ignores what lies behind the last storage and the checksums of entries. It
// refuses what PyTorch would accept but no weight file needs: compressed entries, which torch.save never
// writes, pickles that make much work with few bytes, tensors with more elements than their storage,
// big-endian files, TorchScript archives, the tar format of PyTorch 0.1.
package torch
