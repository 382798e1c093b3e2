"""What the page allocator of kernels before 5.10 did otherwise."""
