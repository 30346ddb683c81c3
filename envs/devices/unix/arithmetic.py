"""What `$((...))` stands for: whole numbers with + - * / % and parentheses, as wide as a machine word."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Final

_MAX_CHARS: Final = 200
_NAME: Final = re.compile(r"\$?\b([A-Za-z_]\w*)", re.ASCII)
_ALLOWED: Final = re.compile(r"[\d\s+\-*/%()]+", re.ASCII)
_WORD: Final = 1 << 63


class ArithmeticSyntaxError(Exception):
    """The expression is not understood; the message is worded as bash does."""


def evaluate(text: str, variables: Mapping[str, str]) -> int:
    """Value of `text`; a name that is no variable counts as 0.

    Raises:
        ArithmeticSyntaxError: It is not understood, or divides by 0.
    """
    filled = _NAME.sub(lambda match: variables.get(match[1], "") or "0", text).strip()
    if len(filled) > _MAX_CHARS or "**" in filled or "//" in filled or not _ALLOWED.fullmatch(filled):
        raise ArithmeticSyntaxError(f"{text}: syntax error: operand expected")
    try:
        return _value(ast.parse(filled, mode="eval").body)
    except SyntaxError:
        raise ArithmeticSyntaxError(f"{text}: syntax error in expression") from None
    except ZeroDivisionError:
        raise ArithmeticSyntaxError(f"{text}: division by 0") from None


def _value(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(value)):
            return _wrap(value)
        case ast.UnaryOp(op=operator, operand=operand):
            return _wrap(-_value(operand) if isinstance(operator, ast.USub) else _value(operand))
        case ast.BinOp(left=left, op=operator, right=right):
            return _wrap(_combine(_value(left), operator, _value(right)))
    raise SyntaxError


def _combine(left: int, operator: ast.operator, right: int) -> int:
    if isinstance(operator, ast.Add | ast.Sub | ast.Mult):
        return {ast.Add: left + right, ast.Sub: left - right, ast.Mult: left * right}[type(operator)]
    quotient = abs(left) // abs(right)
    if (left < 0) != (right < 0):
        quotient = -quotient
    return quotient if isinstance(operator, ast.Div) else left - right * quotient


def _wrap(value: int) -> int:
    return (value + _WORD) % (2 * _WORD) - _WORD
