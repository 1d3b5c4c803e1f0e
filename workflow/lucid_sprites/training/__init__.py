"""Training of the small networks whose neurons the workflow renders."""
