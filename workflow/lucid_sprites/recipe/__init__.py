"""The language of a sprite: settings, transforms, indexes, objectives. Free of TensorFlow."""
