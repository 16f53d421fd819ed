"""The player: tracks of the show, mixed into one stream that never ends."""
