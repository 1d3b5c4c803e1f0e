"""The render engine: parametrization, transforms, objective and optimization in batches."""
