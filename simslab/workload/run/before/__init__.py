"""What is done to the kernel after its boot and before the run: its heap aged, the tasks of its threads set up."""
