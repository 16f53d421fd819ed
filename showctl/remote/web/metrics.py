"""The counters of every part as Prometheus reads them. Made anew for each request, so nothing is counted twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric, UnknownMetricFamily

from showctl.model import State
from showctl.remote.board import Board

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
