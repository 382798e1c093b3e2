"""Which standing caches a kernel with MEMCG_KMEM makes with SLAB_ACCOUNT."""

from typing import Final

# By the files of 5.10 that make them: kernel/fork.c, cred.c, pid.c, delayacct.c, utsname.c; mm/rmap.c, shmem.c;
# fs/dcache.c, inode.c, file_table.c, seq_file.c, block_dev.c, proc/inode.c, ext4/super.c; ipc/mqueue.c; net/socket.c
# and net/core/sock.c (every protocol's sockets).
# Not modelled: what was recorded as an alias of another cache stays one, though SLAB_ACCOUNT may tell them apart.
ACCOUNTED: Final = frozenset(
    (
        *("task_struct", "signal_cache", "sighand_cache", "files_cache", "fs_cache", "mm_struct", "vm_area_struct"),
        *("cred_jar", "pid", "task_delay_info", "uts_namespace", "anon_vma", "anon_vma_chain", "shmem_inode_cache"),
        *("dentry", "inode_cache", "filp", "seq_file", "bdev_cache", "proc_inode_cache", "ext4_inode_cache"),
        *("mqueue_inode_cache", "sock_inode_cache", "TCP", "TCPv6", "UDP", "UDPv6", "UNIX", "RAW", "RAWv6", "PING"),
    )
)
