"""Objects with contents: what `slub_debug` writes around them, checks and reports (mm/slub.c)."""
