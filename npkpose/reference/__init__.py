"""The plain-NumPy twin of every compiled kernel, in the file of the same name.

A twin explains the public function whose arguments it takes. It checks nothing, imports nothing
of npkpose but other twins, and uses another algorithm where there is one. It is written to be
obvious, not fast; the tests compare the two.

Read in the order of the package: data/ and image/ (what is painted and warped), codec/ (heatmaps,
fields, tags), metrics/ (scores), space/ (three dimensions).
"""
