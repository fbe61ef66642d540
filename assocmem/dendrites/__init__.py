"""Active dendrites: segments that detect sparse patterns, and neurons made of them."""
