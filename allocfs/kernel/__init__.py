"""The interfaces of the kernel: ioctl structs and calls, the states of profiling, CPUs."""
