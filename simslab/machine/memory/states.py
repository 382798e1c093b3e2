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

# Words of a row of a snoop filter.
L3_STATE: Final = 0  # 0 absent, SHARED clean, MODIFIED dirty
CORES: Final = 1  # and on: masks of the cores of this domain that hold the line
# Words of a row of the directory.
OWNER: Final = 0  # domain with the only or the dirty copy (state O), plus 1
FORWARDER: Final = 1  # domain that answers for shared copies (state F), plus 1
DOMAINS: Final = 2  # and on: masks of domains that hold the line
# Masks are of as many words as it takes.
WORD_BITS: Final = 64
WORD_SHIFT: Final = 6
IN_WORD: Final = 63
MOST_DOMAINS: Final = 1024  # L3s of a machine, and cores below one
MOST_CORES: Final = 1024
NOBODY: Final = -1  # in place of a core or a domain
SEVERAL: Final = -2
