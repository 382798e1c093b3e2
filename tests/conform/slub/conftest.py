from slub_systems import booted

__all__ = ["booted"]
