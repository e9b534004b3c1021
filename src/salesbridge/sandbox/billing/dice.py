"""Chance that can be looked up: the same seed, kind and index always draw the same numbers."""

from __future__ import annotations

import math
import struct
from hashlib import blake2b

_UNPACK = struct.Struct("<32H").unpack
_MASK = (1 << 64) - 1


def draws(seed: int, kind: str, index: int) -> tuple[int, ...]:
    """Thirty-two numbers from 0 to 65535."""
    return _UNPACK(blake2b(f"{seed}:{kind}:{index}".encode()).digest())


def mix(seed: int, number: int) -> int:
    """One number of 64 bits, cheaper than ``draws``."""
    value = (number * 0x9E3779B97F4A7C15 + seed * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & _MASK
    value ^= value >> 32
    value = value * 0xD6E8FEB86659FD93 & _MASK
    return value ^ value >> 32


class Shuffle:
    """A reordering of ``range(size)`` that is computed, not stored, and can be undone."""

    __slots__ = ("_inverse", "_offset", "_step", "size")

    def __init__(self, size: int) -> None:
        self.size = max(size, 1)
        step = int(self.size * 0.618) | 1
        while math.gcd(step, self.size) != 1:
            step += 1
        self._step = step
        self._inverse = pow(step, -1, self.size)
        self._offset = self.size // 3

    def place(self, index: int) -> int:
        """Where an index lands."""
        return (index * self._step + self._offset) % self.size

    def index(self, place: int) -> int:
        """Which index landed there."""
        return (place - self._offset) * self._inverse % self.size
