"""The world out: sACN, and the record of a night."""
