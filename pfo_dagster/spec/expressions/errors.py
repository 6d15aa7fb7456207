"""What an unusable expression is reported with."""

from __future__ import annotations


class ExpressionError(ValueError):
    """An expression cannot be read, or was given something that is not JSON.

    `position` is the 0-based offset of the trouble in `expression`; `str()` shows it with a caret.
    """

    def __init__(
        self, reason: str, *, expression: str, position: int, hint: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expression = expression
        self.position = position
        self.hint = hint

    def __str__(self) -> str:
        start = self.expression.rfind("\n", 0, self.position) + 1
        line = self.expression[start:].split("\n", 1)[0]
        # A window keeps the caret in sight in a line of thousands of characters.
        left = max(0, self.position - start - 60)
        caret = " " * (self.position - start - left) + "^"
        text = f"{self.reason}\n  {line[left : left + 100]}\n  {caret}"
        return f"{text}\nhint: {self.hint}" if self.hint else text
