"""What the slab allocators of Linux 5.10 share: mm/slab.h, mm/slab_common.c, mm/failslab.c, include/linux/slab.h."""
