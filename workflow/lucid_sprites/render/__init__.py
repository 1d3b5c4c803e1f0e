"""From optimized sprites to files: the store, the block and the sprite."""
