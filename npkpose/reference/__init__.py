"""The plain-NumPy twin of every compiled kernel, in the file of the same name.

A twin takes the arguments of the public function it explains, checks nothing, imports
nothing of npkpose but another twin, and uses another algorithm where there is one. It is written to
be obvious, not to be fast.
"""
