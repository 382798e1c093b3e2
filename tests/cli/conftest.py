from command_line import refused, simslab

__all__ = ["refused", "simslab"]
