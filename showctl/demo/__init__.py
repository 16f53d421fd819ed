"""The built-in venue, show and song."""
