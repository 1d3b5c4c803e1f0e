"""What a picture excites in a network: activations, reconstructions and deep dreams."""
