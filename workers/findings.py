"""What an examination finds: a sentence, how bad it is, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """``good`` and ``note`` leave the set-up usable; ``wrong`` does not."""

    GOOD = "ok"
    NOTE = "note"
    WRONG = "WRONG"


@dataclass(frozen=True)
class Finding:
    """``advice`` says what to do; what is good needs none."""

    weight: Weight
    topic: str
    sentence: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.weight:5}  {self.topic}: {self.sentence}"
        return f"{line}\n       What to do: {self.advice}" if self.advice else line


def good(topic: str, sentence: str) -> Finding:
    return Finding(Weight.GOOD, topic, sentence)


def note(topic: str, sentence: str, advice: str) -> Finding:
    return Finding(Weight.NOTE, topic, sentence, advice)


def wrong(topic: str, sentence: str, advice: str) -> Finding:
    return Finding(Weight.WRONG, topic, sentence, advice)
