package flags

// Common returns the flags that every command accepts. The named ones have no effect in the command, and are left
// out of its help.
func Common(without ...string) []Flag {
	const category = "Common"
	list := []Flag{
		{Name: "threads", Argument: "N", Usage: "use N threads", Kind: Whole, Without: "all cores"},
		{Name: "kernel", Argument: "LEVEL", Usage: "level of the compute kernels: auto, avx512, avx512-novbmi2, avx2, neon or generic", Default: "auto"},
		{Name: "seed", Argument: "N", Usage: "seed of everything random", Kind: Count, Default: uint64(0)},
		{Name: "log-level", Argument: "LEVEL", Usage: "least important messages to show: debug, info, warn or error", Default: "info"},
		{Name: "log-format", Argument: "FORMAT", Usage: "how messages and progress are written to stderr: text, or json for one object per line", Default: "text"},
		{Name: "json", Usage: "print one JSON object instead of a table", Kind: Switch},
		{Name: "no-progress", Usage: "show neither bars nor a line per layer", Kind: Switch},
	}
	for i := range list {
		list[i].Category = category
		for _, name := range without {
			list[i].Hidden = list[i].Hidden || list[i].Name == name
		}
	}
	return list
}

// Model returns the flag that names a model.
func Model() Flag {
	return Flag{Name: "model", Argument: "DIR", Usage: "model folder, or org/name[@revision] of the Hugging Face hub, or demo:llama, demo:opt (required)"}
}

// Force returns the flag that allows to replace an output folder, which is what it means in every command.
func Force() Flag {
	return Flag{Name: "force", Usage: "replace an existing output folder", Kind: Switch}
}
