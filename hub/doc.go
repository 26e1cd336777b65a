// Package hub finds models by name, "org/name" or "org/name@revision", in the Hugging Face cache of this machine and
// downloads what is missing into it.
//
// The cache has the layout of the Python package huggingface_hub, in the folder that its environment variables name,
// so that either finds what the other has downloaded. Of a model only the files are taken that are used here:
// configuration, tokenizer and weights. Every file is verified against the checksum that the hub lists, appears under
// its name only when it is complete, and is downloaded by one process at a time; a download that was interrupted, even
// by the end of the process, goes on where it stopped.
package hub
