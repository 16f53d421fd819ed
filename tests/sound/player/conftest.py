"""What tests of the player's process share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sound.player.told import Told


@pytest.fixture
def told() -> Iterator[Told]:
    one = Told()
    yield one
    one.close()
