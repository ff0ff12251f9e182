"""Handlers get only the arguments that they name: the context, parts of the update, or what stood behind a command."""

import inspect
import shlex
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal, Union, get_args, get_origin


class WrongArguments(ValueError):
    """What was typed behind a command does not fit; the message is for the user."""


def signature_of(handler: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The handler's parameters with their annotations resolved.

    Raises:
        TypeError: it takes `*args` or `**kwargs`, so nobody knows what it wants.
    """
    found = inspect.signature(handler, eval_str=True).parameters
    for each in found.values():
        if each.kind in {each.VAR_POSITIONAL, each.VAR_KEYWORD}:
            raise TypeError(f"{handler!r} must name its arguments; it takes {each}.")
    return dict(found)


def bound(
    parameters: Mapping[str, inspect.Parameter], known: Mapping[str, Any], typed: str | None
) -> dict[str, Any]:
    """The arguments of a call: known ones by name, the others from what was typed behind the command, in order.

    Raises:
        WrongArguments: too few or too many words, or one of another kind.
    """
    made = {name: known[name] for name in parameters if name in known}
    wanted = [each for name, each in parameters.items() if name not in known]
    words = [] if typed is None else _words(typed)
    for place, each in enumerate(wanted):
        last = place == len(wanted) - 1
        if not words:
            if each.default is each.empty:
                raise WrongArguments(f"{each.name} is missing.")
            continue
        word = words.pop(0)
        if last and words and _plain(each.annotation) is str:
            word = " ".join([word, *words])
            words = []
        made[each.name] = _converted(each, word)
    if words and wanted:
        raise WrongArguments(f"{' '.join(words)!r} is too much.")
    return made


def usage(command: str, parameters: Mapping[str, inspect.Parameter], known: set[str]) -> str:
    """How a command is written: `/order [number]`."""
    wanted = [each for name, each in parameters.items() if name not in known]
    shown = [f"<{each.name}>" if each.default is each.empty else f"[{each.name}]" for each in wanted]
    return " ".join([f"/{command}", *shown])


def _words(typed: str) -> list[str]:
    try:
        return shlex.split(typed)
    except ValueError:
        return typed.split()


def _plain(annotation: Any) -> Any:
    """The type without `None`."""
    if get_origin(annotation) in {Union, types.UnionType}:
        kinds = [each for each in get_args(annotation) if each is not type(None)]
        return kinds[0] if len(kinds) == 1 else annotation
    return str if annotation is inspect.Parameter.empty else annotation


_YES, _NO = {"yes", "true", "on", "1"}, {"no", "false", "off", "0"}


def _converted(each: inspect.Parameter, word: str) -> Any:
    kind = _plain(each.annotation)
    if get_origin(kind) is Literal:
        options = [str(option) for option in typing.get_args(kind)]
        if word not in options:
            raise WrongArguments(f"{each.name} is one of {', '.join(options)}.")
        return word
    if kind is bool:
        if word.lower() in _YES | _NO:
            return word.lower() in _YES
        raise WrongArguments(f"{each.name} is yes or no.")
    if kind in {int, float}:
        try:
            return kind(word)
        except ValueError:
            raise WrongArguments(f"{each.name} must be a number, not {word!r}.") from None
    return word
