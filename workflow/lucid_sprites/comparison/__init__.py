"""What changed from one state of a network to another: figures, numbers, responses."""
