"""What somebody who is not known may be, by what he sends, for a technician who has to allow or to name him. PURE."""

from __future__ import annotations

from showctl.wire.osc import Message
from showctl.wire.osc_answers import plain
from showctl.wire.wearable.decode import fits
from showctl.wire.wearable.intake import Wearables

MOST_NAMES = 3
LONGEST = 60  # characters of an address


class Looks:
    """Asks the profiles of wearables whose a message may be."""

    def __init__(self) -> None:
        self._wearables = Wearables()

    def wearable(self, message: Message) -> str:
        """The wearables that send such messages: "NGIMU or x-OSC"; empty where none does."""
        found = [profile.title for profile, route, _ in self._wearables.routes(message.address) if fits(route, message)]
        return " or ".join(list(dict.fromkeys(found))[:MOST_NAMES])

    def like(self, message: Message) -> str:
        """What the sender of a message may be, in words that follow his name."""
        if found := self.wearable(message):
            return f"looks like {found}"
        first = message.address.split("/")[1]
        if first == "showctl":
            return "a remote for showctl"
        return "a remote for an Eos" if first == "eos" else f"sends {plain(message.address)[:LONGEST]}"
