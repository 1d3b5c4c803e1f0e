"""Sprites as files: their blocks and store, and what is made of them: logs, sheets, the summary."""
