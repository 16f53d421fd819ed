"""Makes what the ear has learned: music composed and rendered with exact beats, the net that listens to it, its weights.

    compose -> Piece -> spoil (room, crowd, clipping) -> features -> net -> weights for showctl/analysis/hearing

Nothing of this is needed, or installed, where showctl runs.
"""
