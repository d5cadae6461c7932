"""What a storm will be: every post, every blow and every person's act, drawn from one seed before it begins."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BURST, AT_ONCE = 25, 0.3
PICTURES, PAIRS = 0.12, 0.08
LEAD, TAIL = 0.1, 0.9


@dataclass(frozen=True)
class Promise:
    """Delivery ``number`` on the channel of that index, due ``offset`` seconds after the storm begins.

    Deliveries of one ``post`` are due at the same instant, each with words of its own.
    """

    number: int
    post: int
    channel: int
    offset: float
    picture: bool

    @property
    def name(self) -> str:
        """How its text names it, on the platform too."""
        return f"delivery {self.number:05}"


@dataclass(frozen=True)
class Blow:
    """One fault or act: ``offset`` seconds after the beginning, at delivery ``target``; ``dice`` settles its details."""

    offset: float
    kind: str
    target: int
    dice: float


@dataclass(frozen=True)
class Plan:
    """A whole storm. The same arguments draw the same plan."""

    seed: int
    seconds: float
    promises: tuple[Promise, ...]
    blows: tuple[Blow, ...]


@dataclass(frozen=True)
class Rate:
    """How often a kind strikes, and by how many seconds around its target's instant; ``alone``: never one target twice."""

    times: int
    earliest: float = 0.0
    latest: float = 0.0
    alone: bool = False


def draw(seed: int, deliveries: int, seconds: float, channels: int, rates: Mapping[str, Rate]) -> Plan:
    """All of it, in the order of time."""
    chance = random.Random(f"{seed}/{deliveries}/{seconds}/{channels}")
    promises = tuple(_promises(chance, deliveries, seconds, channels))
    blows = sorted(_blows(chance, promises, seconds, rates), key=lambda blow: (blow.offset, blow.kind))
    return Plan(seed, seconds, promises, tuple(blows))


def _promises(chance: random.Random, deliveries: int, seconds: float, channels: int) -> Iterable[Promise]:
    bursts = [chance.uniform(0, seconds) for _ in range(max(1, int(deliveries * AT_ONCE) // BURST))]
    number = post = 0
    while number < deliveries:
        offset = chance.choice(bursts) if chance.random() < AT_ONCE else chance.uniform(0, seconds)
        picture, pair = chance.random() < PICTURES, chance.random() < PAIRS
        space = chance.randrange(3)
        own = [index for index in range(channels) if index % 3 == space]
        for channel in chance.sample(own, 2 if pair and deliveries - number > 1 else 1):
            yield Promise(number, post, channel, offset, picture)
            number += 1
        post += 1


def _blows(
    chance: random.Random, promises: Sequence[Promise], seconds: float, rates: Mapping[str, Rate]
) -> Iterable[Blow]:
    # Whom a blow is to hit is due within the middle of the storm, so that the blow falls within it too.
    middle = [p for p in promises if LEAD * seconds <= p.offset <= TAIL * seconds]
    free = chance.sample(middle, len(middle))
    for kind, rate in sorted(rates.items(), key=lambda each: (not each[1].alone, each[0])):
        for _ in range(rate.times):
            target = free.pop() if rate.alone and free else chance.choice(free or middle)
            offset = target.offset + chance.uniform(rate.earliest, rate.latest)
            yield Blow(max(0.0, offset), kind, target.number, chance.random())
