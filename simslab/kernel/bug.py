"""Broken kernel contracts."""

from simslab.base.errors import SimslabError


class KernelBugError(SimslabError):
    """A rule of the kernel was broken (BUG_ON in Linux): a fault of simslab or of code driving it, not of its input."""
