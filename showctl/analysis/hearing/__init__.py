"""PURE: what the music does: onsets, tempo and beat, loudness, sections."""
