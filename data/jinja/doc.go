// Package jinja renders the templates with which checkpoints say how a conversation becomes a text. It is the part of
// Jinja 2 that they use, in the environment that the transformers library gives them: blocks are trimmed
// (trim_blocks, lstrip_blocks), break and continue exist, generation marks, raise_exception, strftime_now, and a
// tojson that keeps characters and order. Values behave as Python's do: None prints as None, numbers as Python
// prints them, strings are sequences of characters, and what fails there fails here, with the line.
//
// Templates are files made by others: what one rendering may compute, write and nest is bounded, and nothing outside
// the given values can be reached.
package jinja
