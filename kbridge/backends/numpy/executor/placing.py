"""Placing: gives the values of an order arrays, one after the other.

Values that are no longer read leave their buffers to later ones; an elementwise call may write where it reads; views lie in what they
are views of. ``Storage``, the result, is plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ..graph import Variable
from .ahead import Ahead
from .beside import Beside
from .blocks import Chain
from .branches import Branches
from .regions import Region
from .schedule import Item, Order, Turn
from .shares import Shares
from .stand_ins import StandIns
from .storage import Buffer, Fed, Pool, viewed
from .strips import Strips
from .values import Value


class Storage:
    """Where the values of a plan lie."""

    def __init__(self):
        self.arrays: dict[Value, np.ndarray] = {}
        #: views that are copies: those that are read often, and where a layout allows no view
        self.copied: set[Value] = set()
        #: for each chain and lane, blocks for the values of which there are no more
        self.blocks: dict[Chain, list[dict[Value, Buffer]]] = {}
        #: for each sum over samples, what the lanes but the first compute of it
        self.partial: dict[Value, list[np.ndarray]] = {}
        #: the storage of loops' turns
        self.turns: dict[Value, TurnStorage] = {}


class PlanStorage(Storage):
    """Where the values of a whole plan lie."""

    def __init__(self):
        super().__init__()
        #: the arrays that feeds replace
        self.fed: Fed = {}
        #: copies made at the end of the body
        self.snapshots: dict[Value, np.ndarray] = {}
        #: bytes of all, without what calls need while they run
        self.nbytes = 0

    def before_updates(self, value: Value) -> np.ndarray:
        """Where ``value`` lies after the body."""
        return self.snapshots.get(value, self.arrays[value])


class TurnStorage(Storage):
    """Where the values of a loop's turn lie, and what is copied round the loop."""

    def __init__(self, stand_ins: StandIns):
        super().__init__()
        self.stand_ins = stand_ins
        #: before the loop: (place, value of the plan round it) of states; the sums of values, which begin at 0
        self.starts: list[tuple[np.ndarray, Value]] = []
        self.sums: dict[Value, np.ndarray] = {}
        #: at the end of a turn: new states that can't be computed in place
        self.late: list[tuple[Value, np.ndarray]] = []
        #: after the loop: (place, where it lies)
        self.copies: list[tuple[np.ndarray, np.ndarray]] = []


#: gives a loop's turn its storage, inside of that of what is round it
PlaceTurn = Callable[["Placing", Turn], TurnStorage]


class Placing:
    """Gives the values of an order arrays, one after the other."""

    def __init__(self, order: Order, storage: Storage, values: Pool, blocks: Sequence[Pool], fed: Fed, place_turn: PlaceTurn):
        self.order = order
        self.place_turn = place_turn
        self.storage = storage
        self.arrays = storage.arrays
        self.pool, self.blocks, self.fed = values, blocks, fed
        self.buffers: dict[Value, Buffer] = {}
        #: how many reads of a value are still to come
        self.pending = dict(order.reads)
        #: storage that values must be written to
        self.targets: dict[Value, np.ndarray] = {}
        #: the region whose items are being placed
        self.region: Region | Branches | Shares | None = None
        #: of branches: the lane, and what its values have left
        self._lane = 0
        self._left: Pool | None = None
        self._reusable: dict[int, list[Buffer]] = {}
        self._of_region: dict[Buffer, int] = {}
        self._held: list[Buffer] = []

    def walk(self, items: Iterable[Item | Shares]) -> None:
        """Place the items in their order."""
        for item in items:
            if isinstance(item, Value):
                self._place(item)
            elif isinstance(item, Chain):
                self._place_chain(item)
            elif isinstance(item, Region):
                self._place_region(item)
            elif isinstance(item, Branches):
                self._place_lanes(item, item.lanes)
            elif isinstance(item, Shares):
                self._place_lanes(item, item.lanes, item.cut)
            elif isinstance(item, Strips):
                self._place(item.value)
            elif isinstance(item, Beside):
                self._place_beside(item)
            elif isinstance(item, Ahead):
                self._place_ahead(item)
            else:
                self._consume([item.value])

    def lies(self, value: Value) -> np.ndarray:
        """The array of what is placed, a constant or a variable."""
        array = self.arrays.get(value)
        if array is None:
            array = self.arrays[value] = value.const if value.const is not None else value.leaf.value
        return array

    def _place(self, value: Value) -> None:
        operands = value.operands()
        for v in operands:
            if v not in self.arrays:
                self.lies(v)
        if value.scan is not None:
            if value in self.order.turns:
                self.storage.turns[value] = self.place_turn(self, self.order.turns[value])
        elif not value.op.view or not self._as_view(value, operands[0]):
            target = self.targets.get(value)
            self.arrays[value] = self.take_for(value, operands) if target is None else target
        self._consume(operands)

    def _place_chain(self, chain: Chain) -> None:
        inside = chain.reads()
        freed: list[Buffer] = []
        for value in chain.values:
            operands = value.operands()
            if value in self.targets:
                self.arrays[value] = self.targets[value]
            elif self.pending[value] > inside[value]:
                members = [v for v in operands if v in self.arrays]
                self.arrays[value] = self.take_for(value, members)
            for v in operands:
                if v.const is not None or isinstance(v.leaf, Variable):
                    self.lies(v)
            self._consume(operands, freed)
        if isinstance(self.region, Region):
            pools = self.blocks[: self.region.lanes]
        elif isinstance(self.region, Shares) and chain in self.region.cut:
            pools = self.blocks[: len(self.region.lanes)]
        else:
            pools = [self.blocks[self._lane]]
        self.storage.blocks[chain] = [chain.place(self.arrays, pool) for pool in pools]
        # not before: other blocks still read what the last block of a value has been read from
        for buffer in freed:
            self.give(buffer)

    def _as_view(self, value: Value, source: Value) -> bool:
        if value in self.order.layouts.copied:
            self.storage.copied.add(value)
            return False
        op, attrs, shape, lies = value.op, value.attrs, value.shape, self.arrays[source]
        array = viewed(self.fed, lies, lambda a: op.view_of(attrs, shape, a))
        if op.may_copy and array.size and not np.may_share_memory(array, lies):
            self.storage.copied.add(value)
            return False
        self.arrays[value] = array
        if source in self.buffers:
            self.buffers[value] = self.buffers[source]
            self.buffers[value].users += 1
        return True

    def take_for(self, value: Value, operands: Sequence[Value]) -> np.ndarray:
        """A buffer of its own, or that of an operand that is read here for the last time."""
        buffer = None
        if value.op.inplace:
            for v in operands:
                old = self.buffers.get(v)
                if (
                    old is None
                    or (self.region is not None and old not in self._of_region)
                    or old.users != 1
                    or v.shape != value.shape
                    or v.dtype != value.dtype
                ):
                    continue
                if self.pending[v] == operands.count(v) and self.arrays[v].flags.c_contiguous:
                    buffer = old
                    break
        if buffer is None:
            buffer = self._take_for(value)
        buffer.users += 1
        self.buffers[value] = buffer
        return buffer.array(value.shape, value.dtype)

    def _take_for(self, value: Value) -> Buffer:
        """A buffer from the pool. In a region, where some lanes are ahead of others, storage that a lane still uses must not go to what
        another one computes later: only values of the same size, of which each lane has the same part, follow each other in a buffer."""
        nbytes = value.size * value.dtype.itemsize
        if self._left is not None:
            # of branches: what was computed in this lane, or before all of them
            buffer = self._left.reuse(nbytes) or self.pool.take(nbytes)
            self._of_region[buffer] = nbytes
            return buffer
        if not isinstance(self.region, Region) or self.region.axes.get(value) != 0:
            return self.pool.take(nbytes)
        found = self._reusable.get(nbytes)
        buffer = found.pop() if found else self.pool.take(nbytes)
        self._of_region[buffer] = nbytes
        return buffer

    def give(self, buffer: Buffer) -> None:
        """Nobody needs a buffer any more."""
        if self.region is None:
            self.pool.give(buffer)
        elif self._left is not None and buffer in self._of_region:
            self._left.give(buffer)
        elif buffer in self._of_region:
            self._reusable.setdefault(self._of_region[buffer], []).append(buffer)
        else:
            self._held.append(buffer)

    def _place_region(self, region: Region) -> None:
        self.region = region
        partial: list[Buffer] = []
        self.walk(region.items)
        for v in region.summed():
            more = [self.pool.take(v.size * v.dtype.itemsize) for _ in range(region.lanes - 1)]
            self.storage.partial[v] = [buffer.array(v.shape, v.dtype) for buffer in more]
            partial += more
        self.leave_region()
        for buffer in partial:
            self.pool.give(buffer)

    def _place_lanes(self, region: Branches | Shares, lanes: Sequence[Sequence[Item]], cut: Sequence[Chain] = ()) -> None:
        """Lanes share no storage: what a lane has done with goes to itself, and to all others after the last one."""
        self.region = region
        self.walk(cut)
        for self._lane, items in enumerate(lanes):
            self._left, self._of_region = Pool(), {}
            self.walk(items)
            self._held += [buffer for found in self._left.free.values() for buffer in found]
        self._lane, self._left = 0, None
        self.leave_region()

    def _place_beside(self, beside: Beside) -> None:
        """The products get their storage before the loop, which uses and gives back some meanwhile."""
        self.walk(beside.before)
        for v in beside.products:
            self.arrays[v] = self.take_for(v, ())
        self.walk([beside.loop, *beside.views])
        for v in beside.products:
            operands = v.operands()
            for operand in operands:
                self.lies(operand)
            self._consume(operands)

    def _place_ahead(self, ahead: Ahead) -> None:
        """The values that the product reads stay as they are up to the loop's end."""
        read: list[Value] = []
        for v in ahead.values:
            operands = v.operands()
            for operand in operands:
                self.lies(operand)
            if v.op.view:
                self._place(v)
            else:
                self.arrays[v] = self.take_for(v, operands if v.op.elementwise else ())
                read += operands
        self.walk([ahead.loop])
        self._consume(read)

    def leave_region(self) -> None:
        """All lanes have ended: what they left can go to anybody."""
        self.region = None
        for buffer in (*self._held, *(b for found in self._reusable.values() for b in found)):
            self.pool.give(buffer)
        self._held, self._reusable, self._of_region = [], {}, {}

    def _consume(self, operands: Iterable[Value], freed: list[Buffer] | None = None) -> None:
        """Count reads; storage that nobody will read goes back to the pool, or on the list ``freed``."""
        pending = self.pending
        for v in operands:
            left = pending[v] = pending[v] - 1
            if not left and v in self.buffers:
                buffer = self.buffers[v]
                buffer.users -= 1
                if buffer.users == 0:
                    if freed is None:
                        self.give(buffer)
                    else:
                        freed.append(buffer)
