"""The value ranges that people train networks with."""

Range = tuple[float, float]

UNIT: Range = (0.0, 1.0)
SIGNED: Range = (-1.0, 1.0)
BYTES: Range = (0.0, 255.0)
NORMALIZED: Range = (-2.12, 2.64)
"""About what ImageNet's mean and deviation make of 0..1, over all colours."""
BYTES_LESS_MEAN: Range = (-123.68, 151.06)
"""About what ImageNet's mean makes of bytes, over all colours."""

RANGES = (UNIT, SIGNED, BYTES, NORMALIZED, BYTES_LESS_MEAN)


def ranges_for(channels: int) -> tuple[Range, ...]:
    """Those of pictures of so many channels: only of three colours everybody takes one mean."""
    return RANGES if channels == 3 else (UNIT, SIGNED, BYTES)
