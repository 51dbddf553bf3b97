"""Twin of the compiled kernel of `npkpose.data`: raster.py."""
