"""A kernel with memory cgroups on a small machine, with either allocator, and its conservation."""

from small_machines import document

from simslab.kernel.kernel import Kernel
from simslab.kernel.memcg.charge import MemcgCharging
from simslab.kernel.memcg.conservation import conservation_faults
from simslab.kernel.memcg.creating import make_memcg
from simslab.kernel.memcg.layout import PAGE_STRIDE
from simslab.kernel.memcg.page_counter import PAGE_COUNTER_MAX
from simslab.kernel.mm import gfp
from simslab.machine.machine import build_machine
from simslab.machine.spec import MachineSpec
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation.options import SlabOptions
from simslab.slab_common import flags as fl
from simslab.slub.allocator import SlubAllocator
from simslab.slub.creation.options import SlubOptions

ACCOUNT = gfp.GFP_KERNEL_ACCOUNT


class MemcgSystem:
    """Two cgroups below the root; the task on every CPU is in the first of them, to begin with."""

    def __init__(self, which="slab", limit=PAGE_COUNTER_MAX, **options):
        kernel = Kernel(build_machine(MachineSpec.model_validate(document()), 10_000), page_stride=PAGE_STRIDE)
        slab = SlabAllocator(kernel, SlabOptions(memcg=True, **options))
        self.allocator = slab if which == "slab" else SlubAllocator(kernel, SlubOptions(memcg=True, **options))
        self.allocator.boot(standing=False)
        self.kernel, self.cpus = kernel, kernel.machine.cpus
        self.charging = MemcgCharging(kernel)
        self.root = self.make("root")
        self.jobs, self.web = (self.make(name, self.root, limit) for name in ("jobs", "web"))
        self.charging.current = [self.jobs.objcg] * len(self.cpus)
        self.allocator.set_memcg(self.charging)
        self.files = self.allocator.kmem_cache_create("files", 200, 0, fl.SLAB_ACCOUNT)
        self.plain = self.allocator.kmem_cache_create("plain", 200)

    def make(self, name, parent=None, limit=PAGE_COUNTER_MAX):
        """A cgroup whose structures come from the allocator."""
        cpu = self.cpus[0]
        return make_memcg(
            self.kernel,
            lambda size, node: self.allocator.kmalloc_node(cpu, size, gfp.GFP_KERNEL, node),
            name,
            parent,
            limit,
        )

    def alloc(self, cache=None, flags=gfp.GFP_KERNEL, cpu=0):
        """An object, of `files` by default."""
        return self.allocator.kmem_cache_alloc(self.cpus[cpu], cache or self.files, flags)

    def free(self, objp, cache=None, cpu=0):
        """Free an object, of `files` by default."""
        self.allocator.kmem_cache_free(self.cpus[cpu], cache or self.files, objp)

    def faults(self):
        """What is wrong with the charges."""
        return conservation_faults(self.charging, [self.jobs, self.web], self.allocator.memcg.owed())

    def drain(self):
        """Have every CPU give back what it keeps."""
        for cpu in self.cpus:
            self.charging.stocks[cpu.id].drain_local_stock(cpu)
