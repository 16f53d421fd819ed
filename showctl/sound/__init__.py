"""The only opener of audio devices: device <-> ring, nothing else."""
