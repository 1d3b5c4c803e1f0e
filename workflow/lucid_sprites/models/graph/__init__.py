"""Frozen graphs in general: walked, checked, folded, described."""
