"""What statistical mechanics predicts for a model; never imports the samplers."""
