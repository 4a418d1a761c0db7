"""Allocation: where each value of a schedule lies. The second of the three passes that make a plan."""

from __future__ import annotations

import numpy as np

from .named_rows import values_of_rows
from .placing import Placing, PlanStorage
from .schedule import Schedule
from .storage import Arenas, Pool
from .turn_placing import place_turn


def allocate(schedule: Schedule, arenas: Arenas) -> PlanStorage:
    """Places for all values of a plan."""
    storage = PlanStorage()
    values, blocks = Pool(arenas.values), [Pool(arena) for arena in arenas.blocks(schedule.lanes)]
    placing = Placing(schedule, storage, values, blocks, storage.fed, place_turn)
    for i, v in enumerate(schedule.fed):
        array = storage.arrays[v] = np.empty(v.shape, v.dtype)
        storage.fed[id(array)] = (array, i, ())
    placing.walk(schedule.body)
    for v in schedule.snapshots:
        placing.lies(v)
        storage.snapshots[v] = np.empty(v.shape, v.dtype)
    placing.targets = {v: variable.value for v, variable in schedule.targets.items()}
    placing.walk(schedule.commit)
    for v in (*schedule.outputs, *(value for _, value in schedule.saved), *values_of_rows(schedule.rows)):
        placing.lies(v)
    storage.nbytes = values.total + sum(pool.total for pool in blocks)
    return storage
