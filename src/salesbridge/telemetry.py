"""Logs that tell what happened to whom, and never a secret.

Two nets: a value under a telling name (``password``, ``authorization`` ...) is masked whatever it is,
and the value of a secret that was opened is masked wherever it appears.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sys
import weakref
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from pydantic import SecretStr

MASK = "[masked]"

_TELLING = re.compile(
    r"(?:^|[^a-z])(?:secrets?|passwords?|passwd|tokens?|keys?|authorization|cookies?|credentials?|assertion|pem|signature)$"
)
_HARMLESS = {"billing_key", "key_id", "external_key", "record_key", "partition_key", "idempotency_key"}
_WORDS = re.compile(r"[^\s\"'<>(){}\[\],;=&?:@]{8,}")
_UNMISTAKABLE = 16  # a word of this length is no ordinary one
_SHORTEST = 6  # a shorter value would mask ordinary words

_live: weakref.WeakValueDictionary[int, SecretStr] = weakref.WeakValueDictionary()
_salt = os.urandom(16)
_digests: set[bytes] = set()


def remember_secret(secret: SecretStr) -> None:
    """Have the value of an opened secret masked from now on.

    It is held weakly: masked anywhere in a text while the ``SecretStr`` lives, and afterwards word
    by word, by salted digests.
    """
    value = secret.get_secret_value()
    if len(value) < _SHORTEST:
        return
    _live[id(secret)] = secret
    words = _WORDS.findall(value)
    _digests.update(_digest(word) for word in words if len(word) >= _UNMISTAKABLE or len(words) == 1)


def mask(text: str) -> str:
    """Return the text with the values of opened secrets masked."""
    for secret in list(_live.values()):
        for form in _forms(secret.get_secret_value()):
            text = text.replace(form, MASK)
    return _WORDS.sub(_masked_word, text) if _digests else text


def redact(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Mask secrets in a log event, however deep; a structlog processor."""
    return {name: MASK if _tells(name) and value else _redacted(value) for name, value in event.items()}


def in_context(**names: Any) -> AbstractContextManager[None]:
    """Have ``tenant``, ``instance``, ``run`` ... on every log line written inside."""
    return structlog.contextvars.bound_contextvars(**{name: str(value) for name, value in names.items()})


def configure(*, json: bool = False, level: str = "INFO") -> None:
    """Send our logs and those of the libraries to standard error, masked.

    Args:
        json: One JSON object a line; else lines for people.
        level: Least severity that is written.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,  # after the traceback has become text
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Stderr()
    handler.setFormatter(_formatter(shared, json=json))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("httpx2", "httpcore2", "dbos"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.root.level))


class _Stderr(logging.Handler):
    """Writes to whatever standard error is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        try:
            line = self.format(record)
        except Exception as error:  # noqa: BLE001 - logging's own way prints the arguments, masked by nobody
            line = f"A log line of {record.name} was lost: {type(error).__name__}"
        sys.stderr.write(line + "\n")


def _formatter(shared: list[structlog.typing.Processor], *, json: bool) -> structlog.stdlib.ProcessorFormatter:
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(default=str)
        if json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def _tells(name: object) -> bool:
    lower = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(name)).lower()
    return lower not in _HARMLESS and _TELLING.search(lower) is not None


def _redacted(value: Any) -> Any:
    match value:
        case str():
            return mask(value)
        case bytes():
            return mask(value.decode("utf-8", "replace"))
        case dict():
            return {k: MASK if _tells(k) and v else _redacted(v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_redacted(each) for each in value]
        case None | bool() | int() | float():
            return value
        case _:
            return mask(str(value))


def _forms(value: str) -> Iterator[str]:
    """The shapes in which a value may stand in a text: itself, in a URL, in JSON."""
    yield value
    yield from {quote(value, safe=""), value.encode("unicode_escape").decode()} - {value}


def _masked_word(found: re.Match[str]) -> str:
    return MASK if _digest(found.group()) in _digests else found.group()


def _digest(value: str) -> bytes:
    return hashlib.blake2b(value.encode(), digest_size=16, key=_salt).digest()
