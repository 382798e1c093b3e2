from small_machines import kernel, machine, make_machine

__all__ = ["kernel", "machine", "make_machine"]
