"""Keys of later versions, by what they will be for: accepted with a warning that they do nothing yet."""

from __future__ import annotations

LATER: dict[str, dict[str, str]] = {
    "venue": {
        "standby": "a second machine",
    },
    "show": {
        "sections": "own thresholds of sections",
    },
}
LATER_IN_SAFETY = {"gain": "a limit of the microphone's gain", "sound": "a limit of the sound's level"}
