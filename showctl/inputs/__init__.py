"""The world in: sound, files, OSC."""
