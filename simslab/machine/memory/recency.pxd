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
        if way[3] == 0:  # behind an empty way there are but empty ones
            return states.ABSENT
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
    # Speed: what is behind the first empty way need not be moved nor read, and there is no call of memmove
    # (benchmarks/allocator.py: 64 CPUs).
    cdef long long* way = tags + base
    cdef long long* last = way + ways
    cdef long long carried = word
    cdef long long found
    while way < last:
        found = way[0]
        way[0] = carried
        if found == 0:
            return 0
        carried = found
        way += 1
    return carried


cdef inline long long take_out(long long* tags, long long base, long long ways, long long way) noexcept:  # C alone: nothing in it can raise
    cdef long long last = base + ways - 1
    cdef long long following
    while way < last:
        following = tags[way + 1]
        tags[way] = following
        if following == 0:
            return 0
        way += 1
    tags[last] = 0
    return 0
