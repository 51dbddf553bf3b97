"""Twin of the compiled kernel of `npkpose.image`: warp.py."""
