"""Watches the order of spinlocks, as lockdep does, and the interrupt flag under them."""

ORDER = {"alien_lock": 1, "list_lock": 2}  # an alien array's lock may be held when a list_lock is taken


class LockWitness:
    """Set as `lock_stats.witness`. Slab locks are taken with interrupts off, in ORDER, never two of a kind."""

    def __init__(self):
        self.held = []  # (CPU, lock) in order of acquisition
        self.acquired_by_kind = {}
        self.nested = set()  # (kind held, kind taken under it)
        self.problems = []

    def __str__(self):
        held = [(cpu.id, lock.lock_class.name) for cpu, lock in self.held]
        return f"locks: {self.problems}, held: {held}"

    def kind(self, lock):
        return lock.lock_class.name.rpartition(":")[2]

    def acquired(self, cpu, lock):
        kind = self.kind(lock)
        self.acquired_by_kind[kind] = self.acquired_by_kind.get(kind, 0) + 1
        if kind in ORDER and not cpu.irqs_off:
            self.problems.append(f"CPU {cpu.id} takes a {kind} with interrupts on")
        for holder, other in self.held:
            above = self.kind(other)
            if holder is cpu:
                self.nested.add((above, kind))
            if holder is cpu and (above in ORDER or kind in ORDER) and ORDER.get(above, 3) >= ORDER.get(kind, 0):
                self.problems.append(f"CPU {cpu.id} takes a {kind} while it holds a {above}")
        self.held.append((cpu, lock))

    def released(self, cpu, lock):
        if not cpu.irqs_off and self.kind(lock) in ORDER:
            self.problems.append(f"CPU {cpu.id} drops a {self.kind(lock)} with interrupts on")
        self.held.remove((cpu, lock))
