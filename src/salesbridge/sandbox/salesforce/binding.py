"""Binding JSON to records: what fails here fails the whole request, before anything is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import orjson

from .plan import compile_plan
from .results import ApiError
from .values import WRONG_TYPE, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .plan import Step
    from .rest import Call
    from .schema import SObject


def bind(call: Call, sobject: SObject, records: Iterable[Mapping[str, Any]]) -> None:
    """Check that every key is a field the caller knows and every value has its field's type.

    That an unknown field fails a whole collections request, not one record, is general knowledge, not verified.

    Raises:
        ApiError: 400 ``INVALID_FIELD`` or ``JSON_PARSER_ERROR``.
    """
    access = call.org.field_access(call.user_id, sobject)
    for record in records:
        plan = compile_plan(sobject, record, access, inserting=True)
        if plan.error is not None and plan.error.code == "INVALID_FIELD":
            raise ApiError(400, plan.error.code, plan.error.message)
        for step in plan.steps:
            value = record[step.key]
            if value is not None and not step.parent:
                _check(call, step, value)


def _check(call: Call, step: Step, value: Any) -> None:
    try:
        step.convert(value)
    except RefusedError as refusal:
        if refusal.error.code == WRONG_TYPE:
            _unreadable(call, step, value)


def _unreadable(call: Call, step: Step, value: Any) -> NoReturn:
    line, column = _place(call.body, value)
    shown = "" if isinstance(value, list | dict) else f" value {_text(value)}"
    message = (
        f"Cannot deserialize instance of {step.field.type} from {_token(value)}{shown}"
        f" or request may be missing a required field at [line:{line}, column:{column}]"
    )
    raise ApiError(400, "JSON_PARSER_ERROR", message)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _token(value: Any) -> str:
    names = {
        str: "VALUE_STRING",
        int: "VALUE_NUMBER_INT",
        float: "VALUE_NUMBER_FLOAT",
        list: "START_ARRAY",
        dict: "START_OBJECT",
    }
    if isinstance(value, bool):
        return "VALUE_TRUE" if value else "VALUE_FALSE"
    return names.get(type(value), "VALUE_STRING")


def _place(body: bytes, value: Any) -> tuple[int, int]:
    """Line and column where the value stands in the body, from 1."""
    before = body[: max(0, body.find(orjson.dumps(value)))]
    return before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
