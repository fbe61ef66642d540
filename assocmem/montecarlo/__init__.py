"""How states are sampled; knows models, never theory."""
