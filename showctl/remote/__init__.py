"""Both ways: ControlEvents in; what the show does and how it is, out."""
