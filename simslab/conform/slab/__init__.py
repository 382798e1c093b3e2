"""SLAB against the golden data, file kind by file kind; invariants and audits of its state."""
