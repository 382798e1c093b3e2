"""Random workload files: every pattern, kernel option, policy, cgroup and device, within what a machine file has."""

import itertools

SIZES = [8, 24, 56, 96, 192, 256, 700, 1024, 2048, 4096, 5000, 16384]
FLAGS = ["HWCACHE_ALIGN", "RECLAIM_ACCOUNT", "MEM_SPREAD", "PANIC", "CACHE_DMA", "TYPESAFE_BY_RCU"]
BOOT_CACHES = {"slab": ["kmalloc-64", "kmalloc-256", "skbuff_head_cache"], "slub": ["kmalloc-64", "kmalloc-256"]}
GFP = ["GFP_KERNEL", "GFP_ATOMIC", "GFP_NOWAIT", "GFP_KERNEL|__GFP_ZERO", "GFP_KERNEL|__GFP_THISNODE"]
LIMITS = [{}, {"limit": "4 KiB"}, {"limit": "20 KiB"}, {"limit": "200 KiB"}, {"limit": "1 MiB"}, {"limit": "1 GiB"}]
ORDERS = ["fifo", "lifo", "random"]


def random_workload(chance, machine):
    """A workload document that fits the machine document; `chance` is a random.Random."""
    return Writer(chance, machine).workload()


class Writer:
    """What is being written; what has been chosen so far bounds what comes."""

    def __init__(self, chance, machine):
        self.chance = chance
        self.nodes = list(range(len(machine["nodes"])))
        self.with_memory = [nid for nid, node in enumerate(machine["nodes"]) if node["memory"]]
        self.nr_cpus = sum(1 for number in machine["layout"]["cpu_numbers"] if number)
        self.whole = len(self.with_memory) == len(self.nodes)
        self.allocator = chance.choice(["slab", "slab", "slub"])
        self.kernel = {"allocator": self.allocator, **self.options()}
        self.memcg = chance.random() < 0.4
        if self.memcg:
            self.kernel["memcg"] = True
        self.cgroups = {f"cgroup{i}": chance.choice(LIMITS) for i in range(chance.randint(0, 3) if self.memcg else 0)}
        self.caches = {f"cache{i}": self.cache() for i in range(chance.randint(0, 3))}
        self.groups = 0

    def some(self, **values):
        """A random choice of the entries."""
        return {name: value for name, value in values.items() if self.chance.random() < 0.3}

    def options(self):
        shared = self.some(
            hz=self.chance.choice([100, 250, 300, 1000]),
            reap=self.chance.random() < 0.5,
            slab_nomerge=True,
            debug_vm=True,
            init_on_alloc=True,
            init_on_free=True,
            have_memoryless_nodes=True,
            memalloc_sockets=True,
            stand_in_pages=self.whole,
            numa_spinlock=True,
        )
        if self.allocator == "slub":
            own = self.some(slub_min_order=self.chance.randint(0, 3), slub_max_order=self.chance.randint(0, 3))
            own |= self.some(slub_min_objects=self.chance.choice([0, 4, 60]))
            return shared | own | self.some(freelist_random=True, freelist_hardened=True, no_slub_debug=True)
        order = self.chance.choice([0, 1, 3])
        return shared | self.some(
            noaliencache=True, slab_max_order=order, debug_slab=True, freelist_random=True, freelist_hardened=True
        )

    def cache(self):
        flags = [flag for flag in FLAGS if self.chance.random() < 0.2]
        if self.memcg and self.chance.random() < 0.6:
            flags.append("ACCOUNT")
        align = {"align": self.chance.choice([8, 64, 128])} if self.chance.random() < 0.2 else {}
        ctor = {"ctor": True} if self.chance.random() < 0.2 else {}
        return {"size": self.chance.choice(SIZES), "flags": flags, **align, **ctor}

    def cache_name(self):
        return self.chance.choice([*self.caches, *BOOT_CACHES[self.allocator]])

    def think(self):
        fixed = self.chance.choice(["0 ns", "150 cycles", "2 us"])
        return self.chance.choice([fixed, {"uniform": ["10 ns", "300 ns"]}, {"exponential": "100 ns"}])

    def kmalloc(self):
        return self.chance.choice([self.chance.choice(SIZES), {"uniform": [1, 9000]}, {"choice": {32: 1, 4096: 2}}])

    def objects(self, cache=False):
        """What is allocated, for a pattern that may be given a cache alone."""
        what = {"cache": self.cache_name()} if cache or self.chance.random() < 0.6 else {"kmalloc": self.kmalloc()}
        gfp = self.chance.choice(GFP)
        if self.memcg and self.chance.random() < 0.5:
            gfp += "|__GFP_ACCOUNT"
        node = self.some(node=self.chance.choice(self.nodes), gfp=gfp)
        return what | node | self.some(touch=self.chance.choice([1, 64, 500]), think=self.think())

    def step(self):
        count, chance = self.chance.randint(1, 60), self.chance
        name = self.cache_name()
        return chance.choice(
            [
                lambda: [{"pattern": "alloc_free", "operations": count, "live": chance.randint(1, 30),
                          "order": chance.choice(ORDERS), **self.objects()}],
                self.kept,
                lambda: [{"pattern": "lifetimes", "objects": count, "lifetime": {"exponential": 10},
                          "remote": chance.choice([0, 0.3, 1]),
                          "remote_to": chance.choice(["next", "random", "other_node"]), **self.objects()}],
                lambda: [{"pattern": "bleed", "live": chance.randint(1, 20), "rounds": chance.randint(1, 3),
                          "replacements": count, **self.objects()}],
                lambda: [{"pattern": "work", "time": chance.choice(["1 us", "900 cycles"]),
                          "repeat": chance.randint(1, 5)}],
                lambda: [{"pattern": "shrink", "cache": name}],
                lambda: [{"pattern": "bulk", "size": chance.randint(1, 40), "repeat": chance.randint(1, 4),
                          **self.objects(cache=True)}],
            ]
        )()  # fmt: skip

    def kept(self):
        bulk = self.chance.choice([1, 1, 7])
        made = self.objects(cache=bulk > 1)
        name = f"kept{self.chance.randint(0, 10**6)}"
        alloc = {"pattern": "alloc", "count": self.chance.randint(1, 60), "bulk": bulk, "name": name, **made}
        free = {"pattern": "free", "name": name, "order": self.chance.choice(ORDERS)}
        in_bulk = {"bulk": self.chance.choice([1, 5])} if "cache" in made and free["order"] == "fifo" else {}
        return [alloc, free | in_bulk][: 1 + (self.chance.random() < 0.7)]

    def group(self, cpus, barriers):
        self.groups += 1
        steps = []
        for region in range(barriers + 1):
            steps += [{"pattern": "barrier", "begin_region": True} if region == 1 else {"pattern": "barrier"}] * (
                region > 0
            )
            steps += itertools.chain(*(self.step() for _ in range(self.chance.randint(1, 3))))
        policy = {"mode": self.chance.choice(["bind", "interleave"]), "nodes": [self.chance.choice(self.with_memory)]}
        spread = {"mems": self.chance.choice(["all", self.with_memory]), "spread_slab": self.chance.random() < 0.5}
        extra = self.some(mempolicy=policy, cpuset=spread, memalloc=True)
        if self.cgroups and self.chance.random() < 0.8:
            extra["cgroup"] = self.chance.choice([*self.cgroups, "root"])
        return {"name": f"group{self.groups}", "cpus": cpus, "steps": steps, **extra}

    def threads(self):
        """Groups on CPUs of their own; the first may be all that is left."""
        order = list(range(self.nr_cpus))
        self.chance.shuffle(order)
        barriers = self.chance.randint(0, 2)
        if self.chance.random() < 0.3:
            return [self.group(self.chance.choice(["all", "first 1", "last 1", f"spread {self.nr_cpus}"]), barriers)]
        cut = self.chance.randint(1, self.nr_cpus)
        parts = [order[:cut], order[cut:]]
        return [self.group(sorted(part), barriers) for part in parts if part]

    def passing(self, threads):
        """Let the first of two groups hand objects to the second, or a device to the first."""
        if len(threads) == 2 and self.chance.random() < 0.5:
            ring = {"ring": self.chance.choice([1, 16, 256])}
            threads[0]["steps"].append(
                {"pattern": "produce", "count": self.chance.randint(1, 60), **ring, **self.objects()}
            )
            threads[1]["steps"].append({"pattern": "consume", "of": threads[0]["name"], "touch": 8})
        if self.chance.random() < 0.3:
            threads[0]["steps"].append({"pattern": "consume", "of": "nic"})
            return [self.device()]
        return []

    def device(self):
        what = self.chance.choice([{"caches": [self.cache_name()]}, {"kmalloc": self.kmalloc()}])
        cpu = {"cpu": self.chance.randrange(self.nr_cpus)} if self.chance.random() < 0.5 else {}
        burst = {"burst": self.chance.randint(1, 9), "ring": self.chance.choice([1, 64])}
        return {"name": "nic", "every": "3 us", "interrupts": self.chance.randint(1, 20), **what, **cpu, **burst}

    def tunables(self):
        if self.allocator == "slub":
            return self.some(cpu_partial=self.chance.choice([0, 2, 30]), min_partial=self.chance.randint(5, 10))
        limit = self.chance.randint(1, 200)
        batch = {"limit": limit, "batchcount": self.chance.randint(1, limit)}
        return self.chance.choice([{}, batch, {"limit": limit}, {"shared": self.chance.randint(0, 8)}])

    def faults(self):
        """None that ends in a BUG, as a double free does."""
        if not self.kernel.get("debug_slab") or not self.caches:
            return []
        kind = self.chance.choice(["overrun", "underrun", "use_after_free"])
        return [{"kind": kind, "cache": next(iter(self.caches)), "at": self.chance.randint(1, 20)}]

    def heap(self):
        age = self.chance.choice(["aged", "fragmented"])
        return {"age": age, "occupancy": self.chance.choice([0.05, 0.5, 1]), "slabs": self.chance.randint(1, 5)}

    def workload(self):
        threads = self.threads()
        devices = self.passing(threads)
        fail = {"probability": self.chance.choice([0, 5, 100]), "ignore_gfp_wait": self.chance.random() < 0.5}
        tuned = {name: values for name in self.caches if (values := self.tunables())}
        return {
            "name": "random", "kernel": self.kernel, "caches": self.caches, "threads": threads, "devices": devices,
            "cgroups": self.cgroups, "tunables": tuned, "faults": self.faults(), "seed": self.chance.randrange(1 << 40),
            **self.some(failslab=fail, heap=self.heap()),
        }  # fmt: skip
