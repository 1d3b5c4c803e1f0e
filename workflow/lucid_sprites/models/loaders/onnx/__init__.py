"""ONNX files, such as PyTorch writes them, as frozen graphs.

Each operator becomes a few TensorFlow operations with channels first, as in the file; what works on
pictures has channels last between two transposes, which the normal form then takes out.
"""
