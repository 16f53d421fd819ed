"""The acoustics of the room: measured by sweeps, heard through the show, and the equaliser that fits it."""
