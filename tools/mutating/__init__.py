"""Edits that change what a program does, and the tests that should notice."""
