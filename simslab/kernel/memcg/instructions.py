"""Instructions of the functions of memory cgroups.

Estimate: counted by hand from the 5.10 sources as gcc -O2 would put them on x86-64, an inlined function as part of
its caller; no kernel with MEMCG was measured. Loads, stores and locked operations are charged beside these.
"""

from typing import Final

PRE_ALLOC: Final = 8  # memcg_slab_pre_alloc_hook up to the two tests of ACCOUNT
CURRENT: Final = 24  # get_obj_cgroup_from_current with memcg_kmem_bypass and active_memcg
POST_ALLOC: Final = 8  # memcg_slab_post_alloc_hook: begin and end
POST_OBJECT: Final = 18  # virt_to_head_page, obj_to_index, the vector's entry
FREE_HOOK: Final = 10  # memcg_slab_free_hook without a vector
FREE_OBJECT: Final = 14  # more, for the entry of one
VECTOR: Final = 22  # memcg_alloc_page_obj_cgroups around kcalloc_node
FREE_VECTOR: Final = 6  # memcg_free_page_obj_cgroups around kfree; kfree(NULL) included

OBJ_CHARGE: Final = 14  # obj_cgroup_charge and obj_full_size
OBJ_CHARGE_PAGES: Final = 20  # more, when the stock is not enough
CONSUME_OBJ_STOCK: Final = 14
REFILL_OBJ_STOCK: Final = 20
RESET_OBJ_STOCK: Final = 8  # more, when another cgroup's bytes are there
DRAIN_OBJ_STOCK: Final = 22
CONSUME_STOCK: Final = 16
REFILL_STOCK: Final = 20
DRAIN_STOCK: Final = 14
TRY_CHARGE: Final = 30  # by turn of its loop
ABOVE_LIMIT: Final = 40  # estimate, like the others: reclaim that finds nothing, beside its search
DRAIN_ALL_STOCK: Final = 30
DRAIN_ALL_STOCK_CPU: Final = 14

COUNTER_CHARGE: Final = 14  # by level: the sum, the limit, propagate_protected_usage, the watermark
COUNTER_UNCHARGE: Final = 10
REF: Final = 7  # percpu_ref_get, _tryget, _put of a reference still counted by CPU
STATE: Final = 40  # mod_objcg_state, mod_memcg_lruvec_state
STATE_FLUSH: Final = 8  # more, for each level to which a CPU's part is added
