from simslab.machine.memory cimport states


cdef inline long long find(long long* tags, long long base, long long ways, long long key) noexcept:  # C alone: nothing in it can raise
    cdef long long* way = tags + base
    cdef long long* last = way + ways
    while last - way >= 4:  # Speed: four at a time (benchmarks/allocator.py: producer and consumer)
        if <unsigned long long>(way[0] ^ key) <= states.STATE_MASK:
            return way - tags
        if <unsigned long long>(way[1] ^ key) <= states.STATE_MASK:
            return way - tags + 1
        if <unsigned long long>(way[2] ^ key) <= states.STATE_MASK:
            return way - tags + 2
        if <unsigned long long>(way[3] ^ key) <= states.STATE_MASK:
            return way - tags + 3
        way += 4
    while way < last:
        if <unsigned long long>(way[0] ^ key) <= states.STATE_MASK:
            return way - tags
        way += 1
    return states.ABSENT


cdef inline long long to_front(long long* tags, long long base, long long way) noexcept:  # C alone: nothing in it can raise
    # Speed: each word is carried to the next place, forwards, since of the plain loop gcc makes a call of memmove; and
    # most often there is but one (benchmarks/allocator.py, 8 CPUs; benchmarks/boot.py).
    cdef long long place = base
    cdef long long carried = tags[base]
    cdef long long word
    if way == base + 1:
        tags[base] = tags[way]
        tags[way] = carried
        return base
    while place < way:
        place += 1
        word = tags[place]
        tags[place] = carried
        carried = word
    tags[base] = carried
    return base


cdef inline long long put_first(long long* tags, long long base, long long ways, long long word) noexcept:  # C alone: nothing in it can raise
    cdef long long way = base + ways - 1
    cdef long long last = tags[way]
    while way > base:
        tags[way] = tags[way - 1]
        way -= 1
    tags[base] = word
    return last


cdef inline long long take_out(long long* tags, long long base, long long ways, long long way) noexcept:  # C alone: nothing in it can raise
    cdef long long last = base + ways - 1
    while way < last:
        tags[way] = tags[way + 1]
        way += 1
    tags[last] = 0
    return 0
