"""Convolutions and their gradients in fewer or quicker operations."""
