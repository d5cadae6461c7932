"""The base of every refusal that a person is shown: a sentence in their language that says what to do."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """Something was not done; nothing has changed. ``sentence`` is a lazily translated string."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)
