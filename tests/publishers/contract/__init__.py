"""What every adapter owes its callers, tried over real sockets on a server that fails on demand.

A platform's test is one class made of the parts that apply: ``Core`` and what ``parts`` has for each thing that the
platform can do. ``test_contract.py`` fails where an adapter declares what its test does not hold it to.
"""

from tests.publishers.contract.core import Core
from tests.publishers.contract.parts import (
    AnswersComments,
    ConnectsByForm,
    ConnectsByOAuth,
    CountsAudience,
    Deletes,
    Edits,
    Finds,
    Follows,
    HoldsKeys,
    Measures,
    Prepares,
    ReadsComments,
    Refreshes,
    TakesImages,
    TakesVideo,
)
from tests.publishers.contract.stage import (
    LOST,
    REST,
    SPRING,
    Opener,
    Stage,
    connect,
    destination_of,
    join,
    serve,
)

__all__ = [
    "LOST",
    "REST",
    "SPRING",
    "AnswersComments",
    "ConnectsByForm",
    "ConnectsByOAuth",
    "Core",
    "CountsAudience",
    "Deletes",
    "Edits",
    "Finds",
    "Follows",
    "HoldsKeys",
    "Measures",
    "Opener",
    "Prepares",
    "ReadsComments",
    "Refreshes",
    "Stage",
    "TakesImages",
    "TakesVideo",
    "connect",
    "destination_of",
    "join",
    "serve",
]
