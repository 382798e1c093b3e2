"""Line states, rows of the tracking tables, inclusion and protocol: the vocabulary of the caches.

Plain constants in a module of their own: a leaf's constants are C variables, which other modules cannot import.
"""

from typing import Final

# States of a line in one core's caches, or in an L3; I is the absence of the line. F and O live in the directory.
SHARED: Final = 1
EXCLUSIVE: Final = 2
MODIFIED: Final = 3
STATE_NAMES: Final = ("I", "S", "E", "M")
STATE_BITS: Final = 3  # low bits of a way's word
STATE_MASK: Final = 7
ABSENT: Final = -1
NO_LINE: Final = -1  # where a line's number is kept

LINE_SHIFT: Final = 6
LINE_BYTES: Final = 64
SECTION_SHIFT: Final = 21  # a 128 MiB section of physical memory is 2**21 lines

# Inclusion of the L3.
INCLUSIVE: Final = 0
EXCLUSIVE_L3: Final = 1  # filled by L2 evictions, gives the line up on a hit
NON_INCLUSIVE: Final = 2  # filled by L2 evictions, keeps the line on a hit

# Who finds the holders of a line.
HOME_DIRECTORY: Final = 0  # the home agent knows them
HOME_SNOOP: Final = 1  # the home agent asks every domain
SOURCE_SNOOP: Final = 2  # the requester asks every domain and the home at once

# Protocols.
MESIF: Final = 0
MOESI: Final = 1

# Instances of the table of holders: the directory, and from 1 on the snoop filters of the domains.
DIRECTORY: Final = 0
# Bits of the first word of a row of a snoop filter; its mask of cores goes on in the next.
L3_STATE: Final = 3  # mask; 0 absent, SHARED clean, MODIFIED dirty
FIRST_CORE: Final = 2
# Bits of the first word of a row of the directory; its mask of domains goes on in the next.
DOMAIN_MASK: Final = 2047  # owner, plus 1
FORWARDER: Final = 11  # and from this bit on the forwarder, plus 1
FIRST_DOMAIN: Final = 22
NAMES: Final = 0x3FFFFF  # mask of owner and forwarder
# Masks are of as many words as it takes.
WORD_BITS: Final = 64
WORD_SHIFT: Final = 6
IN_WORD: Final = 63
MOST_DOMAINS: Final = 1024  # L3s of a machine, and cores below one
MOST_CORES: Final = 1024
NOBODY: Final = -1  # in place of a core or a domain
SEVERAL: Final = -2
