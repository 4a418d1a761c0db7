"""Hashes of bytes that TensorFlow's layers turn texts to numbers with: FarmHash's Fingerprint64 and SipHash-2-4.

References:
    G. Pike, FarmHash, 2014 (the function that its fingerprints are made of). J.-P. Aumasson and D. J. Bernstein, SipHash: a fast
    short-input PRF, 2012.
"""

from __future__ import annotations

import struct

_ALL = 2**64 - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def _turned(value: int, bits: int) -> int:
    """Rotated to the right."""
    value &= _ALL
    return (value >> bits | value << (64 - bits)) & _ALL


def _mixed(value: int) -> int:
    value &= _ALL
    return value ^ value >> 47


def _joined(u: int, v: int, factor: int) -> int:
    """Two numbers as one."""
    a = _mixed(((u ^ v) & _ALL) * factor)
    b = _mixed(((v ^ a) & _ALL) * factor)
    return b * factor & _ALL


def fingerprint64(data: bytes) -> int:
    """FarmHash's Fingerprint64 of bytes: what ``tf.strings.to_hash_bucket_fast`` takes modulo the number of buckets."""
    n = len(data)

    def at(place: int) -> int:
        return struct.unpack_from("<Q", data, place)[0]

    if n <= 16:
        return _short(data, n)
    factor = _K2 + 2 * n
    if n <= 64:
        first = _K1 if n <= 32 else _K2
        a, b, c, d = at(0) * first, at(8), at(n - 8) * factor, at(n - 16) * _K2
        y = (_turned(a + b, 43) + _turned(c, 30) + d) & _ALL
        z = _joined(y, (a + _turned(b + _K2, 18) + c) & _ALL, factor)
        if n <= 32:
            return z
        e, f = at(16) * factor, at(24)
        g, h = (y + at(n - 32)) * factor, (z + at(n - 24)) * factor
        return _joined((_turned(e + f, 43) + _turned(g, 30) + h) & _ALL, (e + _turned(f + a, 18) + g) & _ALL, factor)
    return _long(data, n)


def _short(data: bytes, n: int) -> int:
    factor = _K2 + 2 * n
    if n >= 8:
        a, b = struct.unpack_from("<Q", data)[0] + _K2, struct.unpack_from("<Q", data, n - 8)[0]
        return _joined((_turned(b, 37) * factor + a) & _ALL, (_turned(a, 25) + b) * factor & _ALL, factor)
    if n >= 4:
        a, b = struct.unpack_from("<I", data)[0], struct.unpack_from("<I", data, n - 4)[0]
        return _joined(n + (a << 3), b, factor)
    if n:
        y, z = data[0] + (data[n >> 1] << 8), n + (data[n - 1] << 2)
        return _mixed(y * _K2 & _ALL ^ z * _K0 & _ALL) * _K2 & _ALL
    return _K2


def _long(data: bytes, n: int) -> int:
    def at(place: int) -> int:
        return struct.unpack_from("<Q", data, place)[0]

    def weak(place: int, a: int, b: int) -> tuple[int, int]:
        a = a + at(place) & _ALL
        b = _turned(b + a + at(place + 24), 21)
        c = a
        a = a + at(place + 8) + at(place + 16) & _ALL
        b = b + _turned(a, 44) & _ALL
        return a + at(place + 24) & _ALL, b + c & _ALL

    y = 81 * _K1 + 113 & _ALL
    z = _mixed(y * _K2 + 113) * _K2 & _ALL
    x = 81 * _K2 + at(0) & _ALL
    v, w = (0, 0), (0, 0)
    end = (n - 1) // 64 * 64
    for place in range(0, end, 64):
        x = _turned(x + y + v[0] + at(place + 8), 37) * _K1 & _ALL
        y = _turned(y + v[1] + at(place + 48), 42) * _K1 & _ALL
        x ^= w[1]
        y = y + v[0] + at(place + 40) & _ALL
        z = _turned(z + w[0], 33) * _K1 & _ALL
        v, w = weak(place, v[1] * _K1, x + w[0]), weak(place + 32, z + w[1], y + at(place + 16))
        z, x = x, z
    factor = _K1 + ((z & 0xFF) << 1)
    place = end + (n - 1 & 63) - 63
    w = (w[0] + (n - 1 & 63), w[1])
    v = (v[0] + w[0], v[1])
    w = (w[0] + v[0], w[1])
    x = _turned(x + y + v[0] + at(place + 8), 37) * factor & _ALL
    y = _turned(y + v[1] + at(place + 48), 42) * factor & _ALL
    x ^= w[1] * 9 & _ALL
    y = y + v[0] * 9 + at(place + 40) & _ALL
    z = _turned(z + w[0], 33) * factor & _ALL
    v, w = weak(place, v[1] * factor, x + w[0]), weak(place + 32, z + w[1], y + at(place + 16))
    z, x = x, z
    left = _joined(v[0], w[0], factor) + _mixed(y) * _K0 + z
    return _joined(left & _ALL, _joined(v[1], w[1], factor) + x & _ALL, factor)


def siphash64(data: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 of bytes by a key of two 64-bit numbers: what ``tf.strings.to_hash_bucket_strong`` takes modulo the number of buckets."""
    k0, k1 = key[0] & _ALL, key[1] & _ALL
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def left(value: int, bits: int) -> int:
        return (value << bits | value >> (64 - bits)) & _ALL

    def rounds(count: int) -> None:
        for _ in range(count):
            v[0] = v[0] + v[1] & _ALL
            v[1] = left(v[1], 13) ^ v[0]
            v[0] = left(v[0], 32)
            v[2] = v[2] + v[3] & _ALL
            v[3] = left(v[3], 16) ^ v[2]
            v[0] = v[0] + v[3] & _ALL
            v[3] = left(v[3], 21) ^ v[0]
            v[2] = v[2] + v[1] & _ALL
            v[1] = left(v[1], 17) ^ v[2]
            v[2] = left(v[2], 32)

    padded = data + b"\0" * (7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]
