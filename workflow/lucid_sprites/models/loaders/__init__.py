"""Kinds of model files, each read into a frozen graph."""
