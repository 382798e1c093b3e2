from at_once import AtOnce

from simslab.base.build import running_build
from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.kernel.time.jiffies import CPU_SKEW
from simslab.machine.accounting.callsites import site
from simslab.machine.library import load_machine
from simslab.slab.creation.options import SlabOptions
from simslab.workload.description.kernel_options import KernelOptions
from simslab.workload.run.system import boot_system

ALIEN_LIMIT = 12  # entries of an alien array (mm/slab.c: alloc_alien_cache)

NODES = (8, 16, 32) if running_build().kind == "compiled" else (8, 16)  # plain Python boots 32 for half a minute


def test_each_cpu_begins_with_the_node_behind_its_own():
    reaper = new_system("4n8c", SlabOptions()).reaper
    assert reaper.slab_reap_node == [1, 1, 2, 2, 3, 3, 0, 0]


def test_each_reaping_turns_to_the_next_node():
    allocator = new_system("4n8c", SlabOptions())
    cpu = allocator.kernel.machine.cpus[4]
    seen = []
    for _ in range(5):
        seen.append(allocator.reaper.slab_reap_node[4])
        assert allocator.cache_reap(cpu) == 1
    assert seen == [3, 0, 1, 2, 3]


def test_cpus_reap_at_full_seconds_each_a_little_before_the_last():
    allocator = new_system("1n4c", SlabOptions())
    kernel = allocator.kernel
    for cpu in kernel.machine.cpus:
        allocator.reaper.start_cpu_timer(cpu)
    timers = [kernel.timers.base(number, True).buckets.values() for number in range(4)]
    seconds = [divmod(timer.expires, kernel.hz) for buckets in timers for bucket in buckets for timer in bucket]
    first = seconds[0][0]
    assert seconds == [(first, 0), *((first - 1, kernel.hz - CPU_SKEW * number) for number in (1, 2, 3))]


def test_a_reaper_gives_way_to_whoever_has_slab_mutex():
    allocator = new_system("1n4c", SlabOptions())
    first, second = allocator.kernel.machine.cpus[:2]
    allocator.slab_mutex.lock(first)
    assert allocator.cache_reap(second) == 0
    allocator.slab_mutex.unlock(first)
    assert allocator.cache_reap(second) == 1


def masked(nodes, shared=None, **options):
    """Cycles of each masked stretch in which CPU 0 sends home the full alien array that it has for every other node.

    All other caches' aliens are sent home before, so that the same lines are taken from the same places on any number
    of nodes: of the others' slabs a kernel that has just booted has the fewer in its caches the more nodes there are.
    """
    settings = (f"nodes={nodes}", "links=all", "layout.cores=1")
    system = boot_system(load_machine("two-socket", settings), KernelOptions(reap=False, **options), 10_000)
    allocator, cpus = system.allocator, system.machine.cpus
    cache = allocator.kmem_cache_create("files", 512, 0, 0, 1)
    if shared is not None:
        allocator.tune(cache, {"limit": 54, "batchcount": 27, "shared": shared})
    pass_over_all_nodes(allocator, cpus[0])
    for other in cpus[1:]:
        objects = [allocator.kmem_cache_alloc(other, cache, gfp.GFP_KERNEL) for _ in range(ALIEN_LIMIT)]
        for objp in objects:
            allocator.kmem_cache_free(cpus[0], cache, objp)
    system.machine.irq_stats.clear()
    pass_over_all_nodes(allocator, cpus[0])
    assert not any(alien.ac.avail for alien in cache.node[0].alien if alien is not None)
    return [cycles for cycles, count in system.machine.irq_stats.off[site("reap_alien")] for _ in range(count)]


def pass_over_all_nodes(allocator, cpu):
    for _ in allocator.kernel.online_nodes:
        assert allocator.cache_reap(cpu) == 1


def test_with_the_rotor_the_longest_masked_stretch_is_flat_from_8_to_32_nodes():
    stretches = {nodes: masked(nodes) for nodes in NODES}
    assert {nodes: len(each) for nodes, each in stretches.items()} == {nodes: nodes - 1 for nodes in NODES}
    longest = [max(each) for each in stretches.values()]
    assert max(longest) <= 1.01 * min(longest)


def test_without_shared_arrays_it_is_flat_but_for_one_line_from_the_l3_and_one_from_memory():
    """Objects go home into slabs, and the struct pages of slabs lie at the same place in every node's memory.

    Those of 15 nodes are more than the L2's sets have ways that all of them fall into, those of 31 more than the L3's:
    of each slab one line, read when its objects were freed, has been put out by its like, on 32 nodes another as well.
    """
    longest = {nodes: max(masked(nodes, shared=0)) for nodes in NODES}
    system = boot_system(
        load_machine("two-socket", ("nodes=8", "links=all", "layout.cores=1")), KernelOptions(), 10_000
    )
    far = system.kernel.page_allocator.alloc_pages(system.machine.cpus[7], gfp.GFP_KERNEL, 0, 7) << 12
    line = system.machine.cpus[0].look(far + 2048)
    assert longest[16] - longest[8] <= system.machine.timing.caches.l3.latency
    assert longest[max(NODES)] - longest[16] < line


def test_without_the_rotor_the_longest_masked_stretch_grows_as_the_nodes_do():
    longest = {nodes: max(masked(nodes, reap_all_nodes=True)) for nodes in NODES}
    of_one_node = [cycles / (nodes - 1) for nodes, cycles in longest.items()]
    assert max(of_one_node) <= 1.05 * min(of_one_node)
    assert longest[8] > 8 * max(masked(8))


def test_a_reaper_under_a_creation_gives_up_and_comes_again():
    allocator = new_system("1n4c", SlabOptions())
    reaper, kernel = allocator.reaper, allocator.kernel
    node = reaper.slab_reap_node[3]
    both = AtOnce(
        allocator,
        (1, 0, lambda cpu: allocator.kmem_cache_create("mine", 200, ctor=1, cpu=cpu)),
        (3, 100, reaper.reap_work),
    )
    assert both.spans[3][1] < both.spans[1][1]
    assert both.waited[3] == 0
    assert reaper.slab_reap_node[3] == node
    assert kernel.workqueue.pending(kernel.machine.cpus[3]) == 1


def reaping(kernel):
    return [kernel.workqueue.pending(cpu) for cpu in kernel.machine.cpus]


def test_a_cpu_that_goes_takes_its_reaper_with_it_and_no_other_work():
    allocator = new_system("1n4c", SlabOptions())
    kernel = allocator.kernel
    cpus, ran = kernel.machine.cpus, []
    for cpu in cpus:
        allocator.reaper.start_cpu_timer(cpu)
    kernel.workqueue.queue_work(cpus[3], lambda cpu: ran.append(cpu.id))
    allocator.cpu_down(cpus[0], 3)
    assert reaping(kernel) == [2, 1, 1, 0]
    kernel.run_due_work(cpus[0])
    assert ran == [0]
    assert reaping(kernel) == [1, 1, 1, 0]


def test_a_cpu_that_comes_back_begins_with_the_node_behind_its_own_again():
    allocator = new_system("4n8c", SlabOptions())
    reaper, cpus = allocator.reaper, allocator.kernel.machine.cpus
    reaper.start_cpu_timer(cpus[3])
    reaper.cache_reap(cpus[3])
    assert reaper.slab_reap_node[3] == 3
    allocator.cpu_down(cpus[0], 3)
    allocator.cpu_up(cpus[0], 3)
    assert reaper.slab_reap_node[3] == 2
    assert reaping(allocator.kernel) == [0, 0, 0, 1, 0, 0, 0, 0]


def test_a_reaper_that_runs_is_not_started_again():
    allocator = new_system("4n8c", SlabOptions())
    reaper, cpu = allocator.reaper, allocator.kernel.machine.cpus[3]
    reaper.start_cpu_timer(cpu)
    reaper.cache_reap(cpu)
    reaper.start_cpu_timer(cpu)
    assert reaper.slab_reap_node[3] == 3
    assert allocator.kernel.workqueue.pending(cpu) == 1
