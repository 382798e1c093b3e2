"""A shadow of the data: which store each copy of a line holds, carried along as the protocol's states say.

The model keeps states and no data. Here every copy (a core's, an L3's, memory's) has the number of the store it holds.
Data moves only as far as the states before and after an access show; memory gets new data only with a write-back that
went through the home's memory channel. A copy that should have been invalidated, or dirty data that was dropped, then
shows as a load of an old store.
"""

from simslab.machine.accounting import causes
from simslab.machine.memory.states import EXCLUSIVE, MODIFIED

DRAM = (causes.LOCAL_DRAM, causes.REMOTE_DRAM)


class Shadow:
    """Watches `lines` of a CoherentMemory; every access to the memory goes through `access`."""

    def __init__(self, memory, lines, domains, cores_each, nodes):
        self.memory, self.lines, self.domains, self.nodes = memory, lines, domains, nodes
        self.cores_of = [range(d * cores_each, (d + 1) * cores_each) for d in range(domains)]
        self.last = dict.fromkeys(lines, 0)  # number of the last store
        self.in_memory = dict.fromkeys(lines, 0)
        self.in_core = {}  # (core, line): store
        self.in_l3 = {}  # (domain, line): store
        self.stores = self.loads = self.write_backs = 0
        self.problems = []
        self.now = self.states()

    def states(self):
        """State of each line in each core and each L3, where it is present."""
        memory = self.memory
        cores = {
            (core, line): state
            for line in self.lines
            for domain in self.cores_of
            for core in domain
            if (state := memory.state_in_core(core, line))
        }
        l3s = {
            (domain, line): state
            for line in self.lines
            for domain in range(self.domains)
            if (state := memory.caches.l3.state_of(domain, line))
        }
        return cores, l3s

    def channel_lines(self):
        return sum(self.memory.paths.interconnect.channels.lines(node) for node in range(self.nodes))

    def access(self, core, line, write, now=0):
        """One access; returns its latency. What is wrong with it is appended to `problems`."""
        owner_before = self.memory.holders.owner_of(self.memory.holders.entry(line))
        passed = self.channel_lines()
        latency = self.memory.access(core, line, write, now)
        self.note(core, line, write, latency, owner_before, self.channel_lines() - passed)
        return latency

    def note(self, core, line, write, latency, owner_before, passed):
        """Let the data follow the states after an access by `core`, of which `passed` lines went through memory."""
        cores, l3s = self.now
        after = self.now = self.states()
        from_memory = self.from_memory(core, line, write, latency, owner_before, cores, l3s)
        delivered = self.source(core, line, cores, l3s)
        if from_memory:
            delivered = self.in_memory[line]
        if delivered != self.last[line]:
            self.problems.append(f"core {core} gets store {delivered} of {line}, the last was {self.last[line]}")
        self.move(cores, l3s, after, (core, line, delivered))
        written = self.write_home(cores, l3s, after)
        if written + from_memory != passed:
            self.problems.append(f"{passed} lines through memory, {from_memory} read and {written} to be written")
        if write:
            self.stores += 1
            self.last[line] = self.in_core[core, line] = self.stores
        else:
            self.loads += 1
        self.check(after)

    def domain_of(self, core):
        return next(d for d, members in enumerate(self.cores_of) if core in members)

    def from_memory(self, core, line, write, latency, owner_before, cores, l3s):
        """1 if the data came from memory: the cause says so, or a store found no copy at hand and no owner."""
        domain = self.domain_of(core)
        if latency == 0:
            return 0
        if not write:
            return 1 if self.memory.cause in DRAM else 0
        at_hand = (domain, line) in l3s or any((c, line) in cores for c in self.cores_of[domain])
        return 0 if at_hand or (owner_before >= 0 and owner_before != domain) else 1

    def source(self, core, line, cores, l3s):
        """The copy that answers: the core's own, a dirty one of the domain, its L3's, any of the domain, then afar."""
        if (core, line) in cores:
            return self.in_core[core, line]
        domain = self.domain_of(core)
        found = self.in_domain(domain, line, cores, l3s)
        if found is not None:
            return found
        afar = [d for d in range(self.domains) if d != domain]
        dirty = [d for d in afar if self.is_dirty(d, line, cores, l3s)]
        answers = [self.in_domain(d, line, cores, l3s) for d in dirty or afar]
        return next((answer for answer in answers if answer is not None), self.in_memory[line])

    def in_domain(self, domain, line, cores, l3s):
        """The copy with which a domain answers, None without one."""
        holders = [c for c in self.cores_of[domain] if (c, line) in cores]
        for core in holders:
            if cores[core, line] >= EXCLUSIVE:
                return self.in_core[core, line]
        if (domain, line) in l3s:
            return self.in_l3[domain, line]
        return self.in_core[holders[0], line] if holders else None

    def is_dirty(self, domain, line, cores, l3s):
        return l3s.get((domain, line)) == MODIFIED or any(
            cores.get((c, line)) == MODIFIED for c in self.cores_of[domain]
        )

    def move(self, cores, l3s, after, accessed):
        """Data goes to the core that asked, and to an L3 as copies above it leave or are shared."""
        cores_after, l3s_after = after
        core, line, delivered = accessed
        for domain, held in l3s_after:
            key = (domain, held)
            dirty = [c for c in self.cores_of[domain] if cores.get((c, held)) == MODIFIED]
            left = [c for c in dirty if cores_after.get((c, held)) != MODIFIED]
            if left:
                self.in_l3[key] = self.in_core[left[0], held]
            elif key not in l3s:
                above = [c for c in self.cores_of[domain] if (c, held) in cores]
                fresh = delivered if held == line and domain == self.domain_of(core) else None
                self.in_l3[key] = self.in_core[above[0], held] if above else fresh
        self.in_l3 = {key: store for key, store in self.in_l3.items() if key in l3s_after}
        self.in_core = {key: store for key, store in self.in_core.items() if key in cores_after}
        self.in_core[core, line] = delivered

    def write_home(self, cores, l3s, after):
        """Lines that were dirty and are so no more have gone home; their number.

        The line accessed for writing stays dirty in its new owner, so nothing of it goes home. An old dirty copy that
        leaves an L3 below a core with a newer one goes home, too.
        """
        count = 0
        for line in self.lines:
            count += sum(self.left_dirty_below(d, line, l3s, *after) for d in range(self.domains))
            was = [d for d in range(self.domains) if self.is_dirty(d, line, cores, l3s)]
            if was and not any(self.is_dirty(d, line, *after) for d in range(self.domains)):
                count += 1
                self.in_memory[line] = self.last[line]
        self.write_backs += count
        return count

    def left_dirty_below(self, domain, line, l3s, cores_after, l3s_after):
        """1 if an L3 has lost its dirty copy while a core above it goes on having the line modified."""
        lost = l3s.get((domain, line)) == MODIFIED and (domain, line) not in l3s_after
        return int(lost and any(cores_after.get((c, line)) == MODIFIED for c in self.cores_of[domain]))

    def check(self, states):
        """No core has an old copy, nobody else has a line that one has in M or E; what is clean equals memory."""
        cores, l3s = states
        for (core, line), state in cores.items():
            if self.in_core.get((core, line)) != self.last[line]:
                self.problems.append(f"core {core} still holds an old store of {line}")
            if state >= EXCLUSIVE and sum((c, line) in cores for d in self.cores_of for c in d) > 1:
                self.problems.append(f"core {core} has {line} for itself, others have it too")
        for line in self.lines:
            dirty = sum(self.is_dirty(d, line, cores, l3s) for d in range(self.domains))
            if dirty > 1:
                self.problems.append(f"{dirty} domains have {line} modified")
            if not dirty and self.in_memory[line] != self.last[line]:
                self.problems.append(f"memory has an old store of {line} and nobody the new one")
