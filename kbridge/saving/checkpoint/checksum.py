"""CRC-32C, as LevelDB and TensorFlow keep it: rotated and shifted by a constant. Large arrays take NumPy's speed.

The register after a piece of bytes is linear over GF(2) in the register before and in the bytes, so that many pieces of one length are
worked off side by side and joined two by two.
"""

from __future__ import annotations

from functools import cache

import numpy as np

_POLYNOMIAL = 0x82F63B78
_MASK_DELTA = 0xA282EAD8
#: Bytes of each piece that is worked off beside others.
_PIECE = 1024
#: Pieces at once, so that what is taken beside the array stays small.
_AT_ONCE = 2**14


def masked_crc(data) -> int:
    """The masked CRC-32C of ``data`` (anything with bytes)."""
    return _masked(_register(np.frombuffer(data, np.uint8), 0xFFFFFFFF) ^ 0xFFFFFFFF)


def _masked(crc: int) -> int:
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


@cache
def _table() -> np.ndarray:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> np.uint32(1)) ^ np.uint32(_POLYNOMIAL), table >> np.uint32(1))
    return table


@cache
def _listed_table() -> list[int]:
    return _table().tolist()


def _register(data: np.ndarray, register: int) -> int:
    while data.size >= 4 * _PIECE:
        count = min(2 ** ((data.size // _PIECE).bit_length() - 1), _AT_ONCE)
        block = data[: count * _PIECE].reshape(count, _PIECE)
        registers = np.zeros(count, np.uint32)
        registers[0] = register
        table, low = _table(), np.uint32(255)
        for column in np.ascontiguousarray(block.T):
            registers = table[(registers ^ column) & low] ^ (registers >> np.uint32(8))
        length = _PIECE
        while len(registers) > 1:
            registers = _moved(registers[0::2], length) ^ registers[1::2]
            length *= 2
        register = int(registers[0])
        data = data[count * _PIECE :]
    listed = _listed_table()
    for byte in data.tolist():
        register = listed[(register ^ byte) & 255] ^ (register >> 8)
    return register


def _moved(registers: np.ndarray, length: int) -> np.ndarray:
    """Return the values of registers after ``length`` bytes of 0."""
    result = np.zeros_like(registers)
    for bit, image in enumerate(_images(length)):
        result ^= np.where(registers >> np.uint32(bit) & np.uint32(1), image, np.uint32(0))
    return result


@cache
def _images(length: int) -> np.ndarray:
    """Return the value of each bit of a register after ``length`` (a power of two) bytes of 0."""
    if length == 1:
        bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
        return _table()[bits & np.uint32(255)] ^ (bits >> np.uint32(8))
    return _moved(_images(length // 2), length // 2)
