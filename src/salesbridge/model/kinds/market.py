"""Market identifiers of service points and the check digits that tell a mistyped one.

* **MPAN** (electricity, Great Britain): core of 13 digits; the last is the sum of the first twelve weighted by primes
  without 11, modulo 11, modulo 10 (Elexon, "MPAN check digit"). The full form has 8 characters before the core.
* **MPRN** (gas, Great Britain): 6 to 10 digits; the last two are the sum of the others weighted by their distance from
  the end, modulo 11 (Xoserve, "MPRN check digits").
* **NMI** (electricity, Australia): 10 characters, optionally an eleventh by Luhn's scheme over character codes (AEMO,
  "NMI Procedure", appendix on the checksum).
* **ICP** (electricity and gas, New Zealand): 15 characters: ten digits of the connection, two letters of the
  distributor, three hexadecimal digits of a CRC-12 (polynomial 0x80F) over the other twelve (Electricity Industry
  Participation Code, part 11; polynomial as in public implementations of the registry's check).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import mul

from salesbridge.model.kinds.core import RefusedError

_PRIMES = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
_MPAN = re.compile(r"(?:[0-9]{2}[0-9]{3}[0-9A-Z]{3})?([0-9]{13})")
_MPRN = re.compile(r"[0-9]{6,10}")
_NMI = re.compile(r"[0-9A-HJ-NP-Z]{10}[0-9]?")
_ICP = re.compile(r"[0-9]{10}[A-Z]{2}[0-9A-F]{3}")
_CRC12 = 0x180F


def mpan_check_digit(core: str) -> str:
    """The thirteenth digit for the first twelve digits of an MPAN core."""
    return str(sum(map(mul, map(int, core), _PRIMES)) % 11 % 10)


def mprn_check_digits(digits: str) -> str:
    """The last two digits for the others of an MPRN."""
    size = len(digits)
    return f"{sum(int(digit) * (size - at) for at, digit in enumerate(digits)) % 11:02}"


def nmi_check_digit(nmi: str) -> str:
    """The eleventh digit for the ten characters of an NMI."""
    total = 0
    for at, character in enumerate(reversed(nmi)):
        code = ord(character) * (2 if at % 2 == 0 else 1)
        total += sum(int(digit) for digit in str(code))
    return str(-total % 10)


def icp_checksum(icp: str) -> str:
    """The last three characters for the first twelve of an ICP."""
    register = int.from_bytes(icp.encode("ascii"), "big") << 12
    for shift in range(register.bit_length() - 13, -1, -1):
        if register >> (shift + 12) & 1:
            register ^= _CRC12 << shift
    return f"{register:03X}"


def _mpan(text: str) -> bool:
    match = _MPAN.fullmatch(text)
    return bool(match and mpan_check_digit(match[1][:12]) == match[1][12])


def _mprn(text: str) -> bool:
    return bool(_MPRN.fullmatch(text)) and mprn_check_digits(text[:-2]) == text[-2:]


def _nmi(text: str) -> bool:
    return bool(_NMI.fullmatch(text)) and (len(text) == 10 or nmi_check_digit(text[:10]) == text[10])  # noqa: PLR2004


def _icp(text: str) -> bool:
    return bool(_ICP.fullmatch(text)) and icp_checksum(text[:12]) == text[12:]


#: Identifier type -> whether a text (without spaces, upper case) is one.
SCHEMES: dict[str, Callable[[str], bool]] = {"MPAN": _mpan, "MPRN": _mprn, "NMI": _nmi, "ICP": _icp}


def normal(text: str) -> str:
    """The identifier as the markets write it: without spaces and in upper case."""
    return "".join(text.split()).upper()


def verify(scheme: str | None, text: str) -> None:
    """Refuse an identifier that is not one of its scheme, or of any where the scheme is unknown.

    Raises:
        RefusedError: The shape or the check digit is wrong.
    """
    if scheme is None:
        good = any(check(text) for check in SCHEMES.values())
    elif scheme in SCHEMES:
        good = SCHEMES[scheme](text)
    else:
        raise RefusedError(f"has the type {scheme!r}, not one of {', '.join(SCHEMES)}", "INVALID_MARKET_IDENTIFIER")
    if not good:
        raise RefusedError(
            f"is {text!r}, which is no valid {scheme or 'market identifier'} (wrong length or check digit)",
            "INVALID_MARKET_IDENTIFIER",
        )
