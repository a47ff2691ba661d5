"""Writes a stack in the language of another tool, generated from the graph; see `sam`."""
