"""A stored result in the layout of the tools that people read on a real machine."""
