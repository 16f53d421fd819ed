"""PURE: (now, inputs) -> ShowFrame. Cue lists, fades, effects, merging, patch."""
