"""Check digits of the market identifiers of supply points."""

from __future__ import annotations

import re

_MPAN_PRIMES = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
_ICP_POLYNOMIAL = 0x180F
_ICP_BITS = 108
_PATTERNS = {
    "MPAN": re.compile(r"[0-9]{13}"),
    "MPRN": re.compile(r"[0-9]{6,10}"),
    "NMI": re.compile(r"[0-9A-HJ-NP-Z]{10}[0-9]"),
    "ICP": re.compile(r"[0-9]{10}[A-Z]{2}[0-9A-F]{3}"),
}


def mpan_check(core: str) -> str:
    """The check digit of a twelve-digit MPAN core.

    Digits weighted with the primes from 3 to 43 without 11; the sum modulo 11, then modulo 10
    (source: "Meter Point Administration Number", Wikipedia; BSC procedure BSCP501).
    """
    return str(sum(int(d) * p for d, p in zip(core, _MPAN_PRIMES, strict=True)) % 11 % 10)


def mprn_check(body: str) -> str:
    """The two check digits of an MPRN whose other digits are ``body``.

    Digits weighted with their distance from the end, the last one with 1; the sum modulo 11 in two digits
    (source: "Meter Point Reference Number", EverybodyWiki, with its example 3938424403).
    """
    size = len(body)
    return f"{sum(int(d) * (size - at) for at, d in enumerate(body)) % 11:02d}"


def nmi_check(body: str) -> str:
    """The checksum of a ten-character NMI.

    From the right, every other ASCII value is doubled; the digits of all values are summed and brought up to a
    multiple of ten (source: AEMO, "MSATS Procedures: National Metering Identifier", appendix on the checksum).
    """
    total = 0
    for at, character in enumerate(reversed(body)):
        value = ord(character) if at % 2 else 2 * ord(character)
        total += value // 100 + value // 10 % 10 + value % 10
    return str(-total % 10)


def icp_check(body: str) -> str:
    """The three hexadecimal check characters of ten digits and a distributor code.

    A CRC of 12 bits, polynomial x^12 + x^11 + x^3 + x^2 + x + 1, over the ASCII bits of the twelve characters
    followed by twelve zero bits (source: the ICP checksum generator published by the New Zealand Electricity
    Authority).
    """
    message = int.from_bytes(body.encode("ascii"), "big") << (_ICP_BITS - 96)
    register = 0
    for at in range(_ICP_BITS - 1, -1, -1):
        register = register << 1 | message >> at & 1
        if register & 0x1000:
            register ^= _ICP_POLYNOMIAL
    return f"{register:03X}"


def is_valid(identifier_type: str, identifier: str) -> bool:
    """Whether form and check digits agree, for MPAN, MPRN, NMI (with checksum) and ICP."""
    pattern = _PATTERNS.get(identifier_type)
    if pattern is None or not pattern.fullmatch(identifier):
        return False
    body, check = split(identifier_type, identifier)
    return _CHECKS[identifier_type](body) == check


def split(identifier_type: str, identifier: str) -> tuple[str, str]:
    """Body and check characters of an identifier."""
    size = _CHECK_SIZES[identifier_type]
    return identifier[:-size], identifier[-size:]


def complete(identifier_type: str, body: str) -> str:
    """The body with its check characters."""
    return body + _CHECKS[identifier_type](body)


_CHECKS = {"MPAN": mpan_check, "MPRN": mprn_check, "NMI": nmi_check, "ICP": icp_check}
_CHECK_SIZES = {"MPAN": 1, "MPRN": 2, "NMI": 1, "ICP": 3}
