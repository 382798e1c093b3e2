from command_line import refused, simslab
from shared_cases import folder, imported, measured

__all__ = ["folder", "imported", "measured", "refused", "simslab"]
