"""lucid-sprites: feature visualizations of every neuron of a network, in bulk."""
