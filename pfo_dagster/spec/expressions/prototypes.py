"""The names that JavaScript values inherit, which make `data.toString` true for any data.

The reference engine reads members with JavaScript's own lookup, so they are part of what a
condition means. Source: the properties of the prototype objects in ECMA-262.
"""

from __future__ import annotations

from typing import Final


def prototype_of_member(kind: str, name: str) -> str | None:
    """The prototype from which a value of `kind` ("Array", "String", …) has `name`, if any."""
    if name in _MEMBERS[kind]:
        return kind
    return "Object" if name in _MEMBERS["Object"] else None


_MEMBERS: Final = {
    kind: frozenset(names.split())
    for kind, names in {
        "Object": """__defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ __proto__
            hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf""",
        "Array": """at concat copyWithin entries every fill filter find findIndex findLast
            findLastIndex flat flatMap forEach includes indexOf join keys lastIndexOf map pop push
            reduce reduceRight reverse shift slice some sort splice toLocaleString toReversed
            toSorted toSpliced toString unshift values with""",
        "String": """anchor at big blink bold charAt charCodeAt codePointAt concat endsWith fixed
            fontcolor fontsize includes indexOf isWellFormed italics lastIndexOf link localeCompare
            match matchAll normalize padEnd padStart repeat replace replaceAll search slice small
            split startsWith strike sub substr substring sup toLocaleLowerCase toLocaleUpperCase
            toLowerCase toString toUpperCase toWellFormed trim trimEnd trimLeft trimRight trimStart
            valueOf""",
        "Number": "toExponential toFixed toLocaleString toPrecision toString valueOf",
        "Boolean": "toString valueOf",
        "Function": "apply bind call toString",
    }.items()
}
