"""Data that between them show every answer that some expressions can give together.

Conditions compare values with constants, so a value matters only by how it compares: `output.n > 5`
cannot tell 6 from 7. One value of each kind, in every combination, is all that there is to try.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from pfo_dagster.spec.expressions.ast import Comparison, Constant, Lookup, atoms, lookups
from pfo_dagster.spec.expressions.values import UNDEFINED, to_number, truthy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pfo_dagster.spec.expressions.ast import Node

Atom: TypeAlias = Constant | Lookup | Comparison

MAX_SITUATIONS: Final = 2_000
"""Combinations that are tried; what would need more is not judged."""

MAX_LOOKUPS: Final = 12
MAX_ATOMS: Final = 250

_OF_EVERY_KIND: Final[tuple[object, ...]] = (True, False, UNDEFINED, None, 1, 0, "…", "", {}, [])


@dataclass(frozen=True, slots=True)
class Situation:
    """A value for each of some lookups, and data in which they are found."""

    values: Mapping[Lookup, object]
    context: Mapping[str, object]

    def holds(self, node: Node) -> bool:
        """Whether an expression is true of the data."""
        return truthy(node.value(self.context))

    def __str__(self) -> str:
        return ", ".join(
            f"{lookup} = {'undefined' if value is UNDEFINED else json.dumps(value)}"
            for lookup, value in self.values.items()
        )


def situations(expressions: Sequence[Node]) -> list[Situation] | None:
    """Every situation that the expressions can tell apart.

    None where that cannot be said: two values are compared with each other, or there are too many.
    """
    atoms_of: dict[Lookup, list[Atom]] = {}
    every = [atom for expression in expressions for atom in atoms(expression)]
    if len(every) > MAX_ATOMS:
        return None
    for atom in every:
        found = set(lookups(atom))
        if len(found) > 1 or not _is_simple(atom):
            return None
        for lookup in found:
            atoms_of.setdefault(lookup, []).append(atom)
    if len(atoms_of) > MAX_LOOKUPS:
        return None
    choices = [
        _told_apart(
            about,
            lookup,
            has_members=any(_within(other, lookup) for other in atoms_of),
            is_member=any(_within(lookup, other) for other in atoms_of),
        )
        for lookup, about in atoms_of.items()
    ]
    if prod(map(len, choices)) > MAX_SITUATIONS:
        return None
    combinations = (dict(zip(atoms_of, values, strict=True)) for values in product(*choices))
    return [Situation(one, _context(one)) for one in combinations if _is_possible(one)]


def _is_simple(atom: Atom) -> bool:
    """Whether an atom is a value, or a value and a constant, and no deeper expression."""
    sides = (atom.left, atom.right) if isinstance(atom, Comparison) else (atom,)
    return all(isinstance(side, Constant | Lookup) for side in sides)


def _told_apart(
    about: Iterable[Atom], lookup: Lookup, *, has_members: bool, is_member: bool
) -> list[object]:
    """One value for each set of answers that the atoms about it give."""
    constants = [
        side.constant
        for atom in about
        if isinstance(atom, Comparison)
        for side in (atom.left, atom.right)
        if isinstance(side, Constant)
    ]
    kinds: dict[tuple[bool, ...], object] = {}
    # Of values that are answered alike the first one stands for all: the one that other lookups
    # need, an object to have members, or to be missing where there is none to have them.
    first: list[object] = [*([{}] if has_members else []), *([UNDEFINED] if is_member else [])]
    for value in (*first, *constants, *_around(constants), *_OF_EVERY_KIND):
        context = _context({lookup: value})
        answers = tuple(truthy(atom.value(context)) for atom in about)
        kinds.setdefault(answers, value)
    return list(kinds.values())


def _around(constants: Iterable[object]) -> list[object]:
    """Values below, between and above the constants, and each number as a text."""
    numbers = sorted({_double(one) for one in constants} - {None}, key=lambda one: one or 0.0)
    known = [one for one in numbers if one is not None]
    texts = [one for one in constants if isinstance(one, str)]
    between = [(low + high) / 2 for low, high in pairwise(known)]
    ends = [known[0] - 1, known[-1] + 1] if known else []
    return [*known, *between, *ends, *(f"{one:g}" for one in known), *(f"{one}\0" for one in texts)]


def _double(constant: object) -> float | None:
    """The number that a constant is where it is ordered, which null and booleans are too."""
    number = to_number(constant)
    return number if abs(number) < 2**53 else None


def _within(inner: Lookup, outer: Lookup) -> bool:
    is_longer = len(inner.keys) > len(outer.keys)
    return is_longer and inner.root == outer.root and inner.keys[: len(outer.keys)] == outer.keys


def _is_possible(values: Mapping[Lookup, object]) -> bool:
    """Whether what has members is something that can have them."""
    return all(
        value is UNDEFINED or values[outer] == {}
        for lookup, value in values.items()
        for outer in values
        if _within(lookup, outer)
    )


def _context(values: Mapping[Lookup, object]) -> dict[str, object]:
    context: dict[str, object] = {"data": {}, "input": {}, "output": {}}
    for lookup, value in sorted(values.items(), key=lambda item: len(item[0].keys)):
        if value is UNDEFINED and lookup.keys:
            continue
        inside: dict[str, Any] = context
        *path, last = (lookup.root, *lookup.keys)
        for key in path:
            inside = cast("dict[str, Any]", inside.setdefault(key, {}))
        # Each context is made of objects of its own.
        inside[last] = {} if value == {} else value
    return context
