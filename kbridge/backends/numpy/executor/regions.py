"""Regions: parts of a schedule that several threads compute side by side, each for some of the samples.

A region is a run of values that can all be cut the same way (``cuts.py``), or one loop. Its lanes go through the whole of it without
waiting for each other: what a lane reads of the region it has computed itself. The partition is fixed by the number of lanes and of samples,
and sums over samples are added up in the order of the lanes, so that the same bits come out in each run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from . import costs
from .ahead import Ahead
from .beside import Beside
from .blocks import Chain, stays, values_of
from .costs import seconds
from .cuts import OWN, Cut, cut_of, mean_of_deviations
from .scan import Scan
from .values import Value

#: one or several values of a schedule
Item = Any


class Region:
    """Items of a schedule that lanes compute side by side."""

    def __init__(self, samples: int, lanes: int, items: Iterable[Value | Chain] = (), cost: float = 0.0):
        self.samples = samples
        #: the lanes that there are, and those that have enough to do
        self.most = self.lanes = lanes
        self.items: list[Value | Chain] = list(items)
        self.cuts: dict[Value, Cut] = {}
        #: the axis along which values, those of a loop's turn and its results included, are cut
        self.axes: dict[Value, int] = {}
        self.cost = cost

    @property
    def loop(self) -> Value | None:
        """The loop that the region is, if it is one."""
        only = self.items[0]
        return only if isinstance(only, Value) and only.scan is not None else None

    def part(self, lane: int, length: int) -> slice:
        """The part of an axis of ``length`` that belongs to a lane."""
        begin, end = (k * self.samples // self.lanes * (length // self.samples) for k in (lane, lane + 1))
        return slice(begin, end)

    def summed(self) -> list[Value]:
        """The values that are sums over all samples."""
        return [v for v, cut in self.cuts.items() if cut.axis is None]

    def pays(self, least: float | None = None) -> bool:
        """Return whether lanes take less time than one thread, and keep as many lanes as have enough to do: ``least`` seconds, by default those of a fork."""
        least = costs.LEAST_PART if least is None else least
        self.lanes = min(self.most, int(self.cost / least) if least else self.most)
        return self.lanes > 1 and self.seconds() <= costs.MOST_TIME * self.cost

    def pieces(self) -> Iterator[Region | list[Value | Chain]]:
        """The region without what one thread does better: runs of many small calls, at which lanes would wait for each other for Python's lock."""
        own: list[Value | Chain] = []
        for small, run in groupby(self.items, _small):
            items = list(run)
            if not small or costs.CALL * costs.calls(items) <= 2 * costs.wait():
                own += items
                continue
            if own:
                yield self._piece(own)
            yield items
            own = []
        if own:
            yield self._piece(own)

    def _piece(self, items: list[Value | Chain]) -> Region:
        values = [v for item in items for v in values_of(item)]
        piece = Region(self.samples, self.most, items, sum(map(seconds, values)))
        piece.cuts = {v: self.cuts[v] for v in values}
        piece.axes = {v: self.axes[v] for v in values if v in self.axes}
        return piece

    def seconds(self) -> float:
        """Return about how long the region takes in its lanes."""
        loop = self.loop
        if loop is None:
            return costs.seconds_of_lane(self.cost, self.lanes, costs.calls(self.items, self.lanes)) + self._seconds_of_wholes()
        scan: Any = loop.scan
        return costs.seconds_of_lane(self.cost, self.lanes, scan.length * costs.calls(v for v in scan.live() if not v.op.of_turn))

    def _seconds_of_wholes(self) -> float:
        """Return about how long each lane takes for what isn't cut: it packs whole matrices and kernels for BLAS, and sums over samples have whole results."""
        whole = 0
        for v, cut in self.cuts.items():
            if v.op.name in costs.PRODUCT:
                whole += sum(i.size * i.dtype.itemsize for i, need in zip(v.inputs, cut.needs) if need is None)
            if cut.axis is None:
                whole += v.size * v.dtype.itemsize
        return 2 * whole * costs.BYTE

    @property
    def name(self) -> str:
        """The contents of the region, for people who look at a trace."""
        values = values_of(self)
        largest = max(values, key=seconds)
        return largest.op.name if len(values) == 1 else f"{largest.op.name} and {len(values) - 1} more"


def in_regions(items: Sequence[Item], fed: Iterable[Value], lanes: int) -> list[Item | Region]:
    """The items of a schedule's body, those that pay in regions."""
    samples = next((v.shape[0] for v in fed if len(v.shape) > 1), 1) or 1
    builder = _Builder(samples, lanes)
    builder.samplewise.update(v for v in fed if v.shape and v.shape[0] == samples)
    for item in items:
        builder.add(item)
    builder.close()
    return _that_pay(builder.out)


def _small(item: Value | Chain) -> bool:
    """Whether a call of NumPy costs more than the item."""
    return isinstance(item, Value) and seconds(item) < costs.CALL / 4


def _that_pay(items: Sequence[Item | Region]) -> list[Item | Region]:
    """The items, with those regions that pay in the fork that they will be part of (``stages.py``)."""
    out: list[Item | Region] = []
    run: list[Item | Region] = []

    def close() -> None:
        regions = [item for item in run if isinstance(item, Region)]
        together = sum(region.seconds() + costs.wait() for region in regions) + costs.wait()
        if len(regions) < 2 or together > costs.MOST_TIME * sum(region.cost for region in regions):
            regions = [region for region in regions if region.pays()]
        for item in run:
            out.extend(item.items if isinstance(item, Region) and item not in regions else [item])
        run.clear()

    for item in items:
        if not stays(item):
            run.append(item)
        else:
            close()
            out.append(item)
    close()
    return out


class _Builder:
    """Goes through the items and keeps one region open. What needs nothing of it goes before it; what only reads its sums over
    samples comes after it."""

    def __init__(self, samples: int, lanes: int):
        self.samples, self.lanes = samples, lanes
        self.out: list[Item | Region] = []
        #: values with a row for each sample, made from such values
        self.samplewise: set[Value] = set()
        self._open()

    def _open(self) -> None:
        self.region = Region(self.samples, min(self.lanes, self.samples))
        self.members: set[Value] = set()
        self.sums: set[Value] = set()
        self.later: list[Item] = []
        self.deferred: set[Value] = set()

    def close(self) -> None:
        """The open region and what waits for its end are done."""
        for piece in self.region.pieces():
            if isinstance(piece, Region):
                self.out.extend([piece] if piece.pays(costs.wait()) else piece.items)
            else:
                self.out.extend(piece)
        self.out.extend(self.later)
        self._open()

    def add(self, item: Item) -> None:
        values = values_of(item)
        read = {i for v in values for i in v.operands()}
        if any(v.scan is not None for v in values):
            if not read.isdisjoint(self.members) or not read.isdisjoint(self.deferred):
                self.close()
            self._add_loop(item)
            return
        pure = all(v.op.pure for v in values)
        if not read.isdisjoint(self.deferred):
            if pure and read.isdisjoint(self.samplewise):
                self._defer(item, values)
                return
            self.close()
        if pure and self._take(item, values):
            return
        if read.isdisjoint(self.members):
            # also what is drawn or printed: none of these is ever part of a region, so that their order stays
            self.out.append(item)
            self._note_samples(values)
        elif pure:
            self._defer(item, values)
        else:
            self.close()
            self.out.append(item)

    def _add_loop(self, item: Value | Beside | Ahead) -> None:
        if isinstance(item, (Beside, Ahead)):
            self.out.append(item)
            results = [*item.results()]
        else:
            found = loop_region(item, self.lanes) if isinstance(item.scan, Scan) else None
            self.out.append(item if found is None else found)
            results = [*getattr(item.scan, "requested", ())]
        self.samplewise.update(r for r in results if self._has_samples(r))

    def _has_samples(self, value: Value) -> bool:
        return any(n and n % self.samples == 0 for n in value.shape[:2])

    def _defer(self, item: Item, values: Sequence[Value]) -> None:
        self.later.append(item)
        self.deferred.update(values)
        self._note_samples(values)

    def _note_samples(self, values: Sequence[Value]) -> None:
        """Values with a row for each sample, though they aren't cut, and views of samples, in whatever order: the next region may cut what is made of them."""
        for v in values:
            if not self.samplewise.isdisjoint(v.operands()) and (v.op.view or v.shape[:1] == (self.samples,)):
                cut = None if v.op.view else cut_of(v, {}, self.samples, self.lanes)
                # a sum over samples may have as many features as there are samples
                if cut is None or cut.axis is not None:
                    self.samplewise.add(v)

    def _take(self, item: Item, values: Sequence[Value]) -> bool:
        """Put the item into the open region if it can be cut."""
        if self.region.lanes < 2:
            return False
        if self.region.cost > costs.MOST:
            self.close()
        known, cuts, samplewise = dict(self.region.axes) if len(values) > 1 else self.region.axes, {}, set()
        for v in values:
            cut = None
            if not v.op.result and v.const is None and v.leaf is None:
                if self.sums.isdisjoint(v.operands()):
                    cut = cut_of(v, known, self.samples, self.lanes)
                elif mean_of_deviations(v) in self.sums:
                    # each lane takes its own samples' mean
                    cut = Cut(None, (0, OWN)) if known.get(v.inputs[0]) == 0 else None
            if cut is None or (cut.axis is None and len(values) > 1):
                return False
            if not any(n is not None and (i in self.samplewise or i in samplewise) for i, n in zip(v.inputs, cut.needs)):
                return False
            cuts[v] = cut
            if cut.axis is not None:
                samplewise.add(v)
                if len(values) > 1:
                    known[v] = cut.axis
        region = self.region
        region.items.append(item)
        region.cuts.update(cuts)
        region.axes.update((v, cut.axis) for v, cut in cuts.items() if cut.axis is not None)
        region.cost += sum(map(seconds, values))
        self.members.update(values)
        self.samplewise |= samplewise
        self.sums.update(v for v, cut in cuts.items() if cut.axis is None)
        return True


def loop_region(loop: Value, lanes: int) -> Region | None:
    """A region that is one loop, cut along the samples of its states; None if it can't be cut or doesn't pay."""
    scan: Any = loop.scan
    live = scan.live()
    present = set(live)
    states = [leaf for leaf in scan.states if leaf in present]
    if scan.draws or not scan.length or not states or any(not s.shape or not s.shape[0] for s in states):
        return None
    samples = min(s.shape[0] for s in states)
    lanes = min(lanes, samples // 4)
    body = [v for v in live if not v.op.of_turn]
    region = Region(samples, lanes, [loop], cost=seconds(loop))
    if not region.pays():
        return None
    lanes = region.lanes
    axes = region.axes
    for leaf in live:
        if leaf.op.of_turn and leaf.shape and leaf.shape[0] and leaf.shape[0] % samples == 0:
            axes[leaf] = 0
    if any(s not in axes for s in states):
        return None
    for v in body:
        if v.scan is not None or not v.op.pure:
            return None
        cut = cut_of(v, axes, samples, lanes)
        if cut is None and v.op.view and v.operands()[0] not in axes:
            continue
        if cut is None or cut.axis is None:
            return None
        region.cuts[v] = cut
        axes[v] = cut.axis
    for leaf, new in zip(scan.states, scan.new_states):
        if leaf in present and new in present and axes.get(new) != 0:
            return None
    for result in scan.requested:
        if axes.get(result.attrs) != 0:
            return None
        axes[result] = 1 if result.op.result == "stored" else 0
    return region
