"""Random machine files for export and import: all scopes of an L3, gaps in node numbers, ports, odd names, costs."""

from random_machines import CACHE, random_document

CYCLES = ["4 cycles", "3.5 ns", "17 cycles"]
NAMES = ["", "a", "node 0", "on", "1e3", "$x$", "a: b # c", "Łódź", "'", '"', "<&>"]


def exchange_document(chance):
    """A machine file as a document; `chance` is a random.Random."""
    document = random_document(chance)
    _name(document, chance)
    _caches(document, chance)
    _costs(document, chance)
    if chance.random() < 0.5:
        _grid(document, chance)
    elif chance.random() < 0.5:
        _gaps(document["nodes"], chance)
    return document


def _name(document, chance):
    document["name"] = chance.choice(NAMES) or "m"
    document["description"] = chance.choice(NAMES)
    for node in document["nodes"]:
        if chance.random() < 0.3:
            node["name"] = chance.choice(NAMES)
        if node["memory"] and chance.random() < 0.2:
            node["memory_side_cache"] = "64 MiB"
        if node["memory"] and chance.random() < 0.2:
            node["dram"] = {"latency": "90 ns", "bandwidth": "7 GB/s", "channels": chance.randint(1, 8)}


def _caches(document, chance):
    document["l1d"] = {"size": chance.choice(["32 KiB", "48 KiB", "64 KiB"]), **CACHE, "ways": chance.choice([4, 8])}
    if document["l1d"]["size"] == "48 KiB":
        document["l1d"]["ways"] = 12
    document["l2"]["size"] = chance.choice(["256 KiB", "1280 KiB", "2 MiB"])
    document["l3"]["latency"] = chance.choice(CYCLES)
    if chance.random() < 0.5:
        document["l3"] |= {"size": "11 MiB", "ways": 11, "other_core_exclusive": "9 ns", "core_bandwidth": "30 GB/s"}


def _costs(document, chance):
    if chance.random() < 0.5:
        document["core"] |= {"ipc_cold": 1.1, "store_buffer": 56, "prefetch": "next-line", "smt_throughput": 1.4}
    if chance.random() < 0.3:
        level = {"page_4k": {"entries": 64, "ways": 4}, "page_1g": {"entries": 4}}
        document["tlb"] = {"l1": level, "walk": "12 cycles", "l2_hit": "7 cycles"}
    if chance.random() < 0.3:
        points = [["1 GB/s", "90 ns"], ["20 GB/s", "95 ns"], ["21.5 GB/s", "150 ns"]]
        document["dram"]["queue"] = {"impl": "curve", "points": points}
    if chance.random() < 0.3:
        document["measured_as"] = ["one", "x y"]
    if chance.random() < 0.3:
        del document["distances"]


def _grid(document, chance):
    """Packages of equal dies and CCXs, a node for each of something, an L3 for each of something no larger."""
    units = ["package", "die", "ccx"]
    packages, dies, ccxs = chance.randint(1, 3), chance.randint(1, 2), chance.randint(1, 2)
    layout = {"packages": packages, "dies": dies, "ccxs": ccxs, "cores": chance.randint(1, 3)}
    document["layout"] = layout | {
        "threads": chance.randint(1, 2),
        "numbering": chance.choice(["threads-last", "threads-adjacent"]),
    }
    each = chance.choice(units)
    count = {"package": packages, "die": packages * dies, "ccx": packages * dies * ccxs}[each]
    document["nodes"] = [{"each": each, "memory": "128 MiB", "id": chance.choice([0, 0, 8])}]
    document["l3"]["scope"] = chance.choice([*units[units.index(each) :], "node"])
    document["links"] = [{"between": "all", "latency": "30 ns", "bandwidth": "10 GB/s"}] if count > 1 else []
    document.pop("distances", None)
    if chance.random() < 0.4:
        document["mesh"] = {"hop": "2 ns", "bandwidth": "50 GB/s"} | chance.choice([{}, {"port": [1, 0]}])
        document["nodes"][0]["positions"] = [[x, x % 2] for x in range(chance.randint(1, 4))]
    if chance.random() < 0.3:
        document["nodes"].append(
            {"memory": "256 MiB", "root_port": {"node": document["nodes"][0]["id"], "latency": "99 ns"}}
        )
    elif chance.random() < 0.3 and count > 1:
        document["idle_latency"] = {"impl": "matrix", "dram": [["90 ns"] * count for _ in range(count)]}


def _gaps(nodes, chance):
    number = 0
    for node in nodes:
        number += chance.choice([0, 0, 3])
        node["id"] = number
        number += 1
