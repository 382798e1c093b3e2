"""Calls into an allocator by several CPUs at once, each with when it began and ended."""

from simslab.machine.accounting import causes


class AtOnce:
    """Runs `(CPU, cycles after the first, function of the Cpu)`, and notes by CPU what each returned and its span."""

    def __init__(self, allocator, *calls):
        machine = allocator.kernel.machine
        self.cpus = machine.cpus
        self.returned, self.spans, self.waited = {}, {}, {}
        self.latest = max(cpu.now for cpu in machine.cpus)
        for number, delay, function in calls:
            self.cpus[number].now = self.latest + delay
            machine.engine.spawn(self.cpus[number], lambda n=number, f=function: self.call(n, f))
        machine.engine.run()

    def call(self, number, function):
        cpu = self.cpus[number]
        cpu.settle()
        began, waited = cpu.now, cpu.cause_owner[causes.LOCK_WAIT]
        self.returned[number] = function(cpu)
        cpu.settle()
        self.spans[number] = began, cpu.now
        self.waited[number] = cpu.cause_owner[causes.LOCK_WAIT] - waited

    def follow_each_other(self, first, second):
        """Whether `second`, which began inside `first`'s call, slept until that was over."""
        assert self.spans[first][0] < self.spans[second][0] < self.spans[first][1]
        left = self.spans[first][1] - self.spans[second][0]
        return (
            self.waited[first] == 0
            and self.waited[second] > 0.5 * left
            and self.spans[second][1] > self.spans[first][1]
        )
