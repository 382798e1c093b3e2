"""What becomes of an allocation before it is made."""

from typing import Final

UNCHARGED: Final = 0
CHARGED: Final = 1  # to the cgroup of the task on this CPU; slab_post_alloc_hook must be told
REFUSED: Final = 2  # it returns NULL
