"""The brand's library: drawn once into the data folder, then uploaded like anyone's pictures."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from pathlib import Path

from calendar_app import library, store
from calendar_app.demo.script import ENGLISH, Scene
from calendar_app.models import Asset, User, Workspace
from calendar_app.planning import Attached
from calendar_app.settings import config
from media import samples

PROCESSES = 2
SAMPLES = {sample.name: sample for sample in (samples.FILM, *samples.PICTURES)}


def draw() -> Path:
    """The folder with every sample; what is there already is not drawn again."""
    folder = config().data / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [(name, folder / name) for name in SAMPLES if not (folder / name).exists()]
    if missing:
        with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("fork")) as pool:
            list(pool.map(_draw, *zip(*missing, strict=True)))
    return folder


def upload(folder: Path, workspace: Workspace, by: User, now: datetime) -> dict[str, Asset]:
    """The samples as assets of the workspace, by file name."""
    return {name: _upload(folder / name, workspace, by, now) for name in SAMPLES}


def attached(scene: Scene, assets: dict[str, Asset]) -> tuple[Attached, ...]:
    """The scene's files with their alt texts."""
    alts: Sequence[str] = scene.alts or [_alt(name, scene.language) for name in scene.files]
    return tuple(Attached(assets[name].id, alt) for name, alt in zip(scene.files, alts, strict=True))


def _draw(name: str, target: Path) -> None:
    if name == samples.FILM.name:
        samples.film(target)
    else:
        samples.picture(SAMPLES[name], target)


def _upload(path: Path, workspace: Workspace, by: User, now: datetime) -> Asset:
    copy = store.scratch(path.suffix)
    shutil.copyfile(path, copy)
    asset = library.add(workspace, copy, path.name, by, now)
    asset.alt = SAMPLES[path.name].alt_zh
    return asset


def _alt(name: str, language: str) -> str:
    sample = SAMPLES[name]
    return sample.alt if language == ENGLISH else sample.alt_zh
