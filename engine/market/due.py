"""How many requests a fetch will make, and how long they take: without numpy, before it starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.core.clock import parse_iso
from engine.core.errors import NoDataError
from engine.market import refresh
from engine.market.request import BarsRequest
from engine.market.store import BarFacts, BarStore


@dataclass(frozen=True, slots=True)
class RequestsDue:
    """The requests that a fetch begins with; failures and holes in the store add some."""

    count: int
    spacing_s: float

    @property
    def seconds(self) -> float:
        """The time that the pace alone takes."""
        return self.count * self.spacing_s


def requests_due(requests: Iterable[BarsRequest]) -> RequestsDue:
    """The requests of a network source for what its store lacks; none for another source."""
    asked = [request for request in requests if request.source.needs_network]
    spacing_s = asked[0].settings.market.request_spacing_s if asked else 0.0
    return RequestsDue(sum(map(_is_due, asked)), spacing_s)


def _is_due(request: BarsRequest) -> bool:
    try:
        facts = BarStore(request.home).facts(request.source.name, request.symbol)
    except NoDataError:
        return True
    return not _is_stored(request, facts) or _compare_due(request, facts)


def _is_stored(request: BarsRequest, facts: BarFacts) -> bool:
    reaches_back = facts.since is not None and facts.since <= request.start
    return reaches_back and facts.last_bar is not None and facts.last_bar >= request.newest


def _compare_due(request: BarsRequest, facts: BarFacts) -> bool:
    try:
        compared_at = parse_iso(facts.compared_at) if facts.compared_at else None
    except ValueError:
        return True
    return refresh.is_compare_due(compared_at, request.clock.now())
