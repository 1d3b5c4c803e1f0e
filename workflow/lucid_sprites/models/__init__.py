"""Model files: read, described as a catalogue of layers, prepared for the engine."""
