"""A process of our own: what it says is read in turns, and its end is told once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from showctl import child


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def test_messages_come_in_order_and_no_more_than_a_batch(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    for n in range(5):
        theirs.send(bytes([n + 1]))
    assert list(child.messages(ours, 10, 3)) == [b"\1", b"\2", b"\3"]
    assert list(child.messages(ours, 10)) == [b"\4", b"\5"]
    assert list(child.messages(ours, 10)) == []


def test_the_last_message_is_empty_where_the_other_end_is_gone(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.send(b"last words")
    theirs.close()
    assert list(child.messages(ours, 100)) == [b"last words", b""]


async def test_an_end_and_a_mistake_of_ours_are_told_once_to_who_waits() -> None:
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    child.wake(lambda: True, ended)
    assert not ended.done()
    child.wake(lambda: False, ended)
    assert ended.done()
    child.wake(lambda: False, ended)
    broken = loop.create_future()

    def wrong() -> bool:
        raise ZeroDivisionError

    child.wake(wrong, broken)
    child.wake(wrong, broken)
    with pytest.raises(ZeroDivisionError):
        broken.result()
