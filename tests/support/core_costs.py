"""What a core costs in the tests of cores: round numbers, any of them changed by name."""

from simslab.machine.core.core_spec import CoreCosts
from simslab.machine.description.core import CoreSpec
from simslab.machine.description.kernel_costs import KernelCostsSpec
from simslab.machine.timing.integers import integers

HZ = 10**9
KERNEL = {
    "atomic": "18 cycles",
    "irq_save": "9 cycles",
    "irq_restore": "27 cycles",
    "cli": "3 cycles",
    "sti": "4 cycles",
    "irq_entry": "400 cycles",
    "irq_exit": "300 cycles",
    "ipi": "260 cycles",
    "clear_bytes_per_cycle": 32,
}


def core_costs(**changes):
    """Return the costs of a core that hides 10 cycles of a load; KeyError for a name that is none of theirs."""
    core = integers(CoreSpec.model_validate({"frequency": HZ, "ipc": 1, "hidden": "10 cycles"}), HZ)
    kernel = integers(KernelCostsSpec.model_validate(KERNEL), HZ)
    unknown = changes.keys() - set(core) - set(kernel)
    if unknown:
        raise KeyError(*unknown)
    parts = [part.replaced(**{name: changes[name] for name in part if name in changes}) for part in (core, kernel)]
    return CoreCosts(*parts)
