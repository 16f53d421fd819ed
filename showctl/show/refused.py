"""What cannot be done is refused before anything has changed: by the transport, by hands, by the engine."""

from __future__ import annotations


class Refused(Exception):
    """A control that cannot be done; the text says why. Never leaves the engine."""
