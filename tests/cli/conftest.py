from command_line import refused, simslab
from undrawn_figures import undrawn

__all__ = ["refused", "simslab", "undrawn"]
