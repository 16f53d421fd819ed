"""Equalisers of the PA: consoles that are told by network."""
