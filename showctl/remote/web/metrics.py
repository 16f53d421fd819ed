"""The counters of every part and how loud the room is, as Prometheus reads them. Made anew for each request, so nothing is
counted twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric, UnknownMetricFamily

from showctl.model import RoomView, State
from showctl.remote.board import Board

LEVELS = ("laeq_1", "laeq_15", "laeq_60", "lcpeak", "lcpeak_60")
__all__ = ["CONTENT_TYPE", "metrics"]


def metrics(board: Board, own: Mapping[str, float]) -> bytes:
    """The text of /metrics: the state of each part and its counters; `own` are those of the web server."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Parts(board, own))
    return generate_latest(registry)


class _Parts:
    def __init__(self, board: Board, own: Mapping[str, float]) -> None:
        self._board, self._own = board, own

    def collect(self) -> Iterator[Metric]:
        states = GaugeMetricFamily("showctl_part_state", "1 for the state that the part is in", labels=["part", "state"])
        counters = UnknownMetricFamily("showctl_part_counter", "What the part counts", labels=["part", "counter"])
        for part in self._board.health.values():
            for state in State:
                states.add_metric([part.part, state.value], float(part.state is state))
            for name, value in part.counters:
                counters.add_metric([part.part, name], value)
        for name, value in self._own.items():
            counters.add_metric(["page", name], value)
        yield states
        yield counters
        if self._board.room is not None:
            yield from _room(self._board.room)


def _room(view: RoomView) -> Iterator[Metric]:
    """How loud it is, how far the sound is off its target, and whether the equaliser may move."""
    levels = GaugeMetricFamily("showctl_sound_level_db", "Sound pressure at a microphone", labels=["microphone", "of"])
    for microphone, one in zip(view.microphones, view.levels, strict=False):
        for name in LEVELS if one is not None else ():
            levels.add_metric([microphone, name], getattr(one, name))
    yield levels
    if (state := view.state) is None:
        return
    yield GaugeMetricFamily(
        "showctl_room_frozen", "1 while the equaliser stands still for a reason", value=float(bool(state.frozen))
    )
    if state.error is not None:
        yield GaugeMetricFamily("showctl_room_error_db", "RMS of what is heard from what is aimed at", value=state.error)
