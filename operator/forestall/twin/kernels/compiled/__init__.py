"""Where compiled kernels are put; `x.pxd` tells the compiler the types of `x.py`, which stands one folder up."""
