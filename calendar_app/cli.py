"""Commands that work on the database: people, workspaces, migrations, keys and the demo."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from calendar_app import create_app, database, ledger_mark, logs, people, restoring
from calendar_app.config import LOCALES, Config, ConfigError
from calendar_app.extensions import db
from calendar_app.models import Channel, PlatformApp, Workspace
from calendar_app.refusals import Refusal
from calendar_app.vault import Sealed, Vault

REHEARSED_FOR = 15 * 60.0


def configured() -> Config:
    """The set-up of the environment; one that can not be used ends the command with a sentence."""
    try:
        return Config.from_environ(os.environ)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def transaction() -> Iterator[Config]:
    """The app's context around one command: committed at its end, a refusal shown as a sentence."""
    config = configured()
    app = create_app(config)
    with app.app_context():
        if not database.is_current(app):
            raise click.ClickException("The database is not up to date. Run first: almanac migrate")
        try:
            yield config
            db.session.commit()
        except Refusal as refusal:
            raise click.ClickException(str(refusal)) from refusal


@click.command()
def migrate() -> None:
    """Create the tables, or bring them up to date."""
    config = configured()
    logs.set_up(config, "migrate")
    database.upgrade(create_app(config))
    click.echo("The database is up to date.")


@click.group()
def user() -> None:
    """People who can log in."""


@user.command("add")
@click.option("--email", prompt="E-mail address")
@click.option("--name", prompt="Name")
@click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, envvar="ALMANAC_NEW_PASSWORD"
)
@click.option(
    "--locale", type=click.Choice(LOCALES), help="Language of the pages; the set-up's default if absent."
)
@click.option("--zone", help="Time zone, as in Asia/Taipei; the set-up's default if absent.")
@click.option("--workspace", help="Also make a workspace of this name, with this person as its admin.")
def add_user(
    email: str, name: str, password: str, locale: str | None, zone: str | None, workspace: str | None
) -> None:
    """Add a person, asking for what is not given."""
    now = datetime.now(UTC)
    with transaction() as config:
        zone = zone or config.default_zone
        person = people.add_user(
            email, name, password, locale=locale or config.default_locale, zone=zone, now=now
        )
        if workspace:
            people.add_workspace(workspace, zone, person, now)
    click.echo(f"{email} can log in now.")


@click.group()
def workspace() -> None:
    """Brands and their teams."""


@workspace.command("add")
@click.option("--name", prompt="Name of the workspace")
@click.option("--owner", prompt="E-mail address of its first admin")
@click.option("--zone", help="Time zone, as in Asia/Taipei; the set-up's default if absent.")
def add_workspace(name: str, owner: str, zone: str | None) -> None:
    """Add a workspace with an existing person as its admin."""
    with transaction() as config:
        admin = people.find_by_email(people.normal_email(owner))
        if admin is None:
            raise click.ClickException(f"No one has the address {owner}. Add them first: almanac user add")
        made = people.add_workspace(name, zone or config.default_zone, admin, datetime.now(UTC))
        slug = made.slug
    click.echo(f"{name} is ready at {config.base_url}/w/{slug}.")


@click.command("rotate-keys")
def rotate_keys() -> None:
    """Seal every stored credential again with the first key of ALMANAC_SECRET_KEY.

    Put the new key first and keep the old one behind it, restart all processes, run this, then drop the old.
    """
    with transaction() as config:
        vault = Vault(config.secret_keys)
        count = _reseal(vault, Channel, "credentials") + _reseal(vault, PlatformApp, "secrets")
    click.echo(f"{count} stored secrets are sealed with the first key now.")


def _reseal(vault: Vault, model: Any, column: str) -> int:
    """Reseal row by row under a lock, so that a token refreshed meanwhile is not overwritten."""
    ids = db.session.scalars(select(model.id)).all()
    for number in ids:
        row = db.session.get(model, number, with_for_update=True)
        if row is not None and getattr(row, column):
            setattr(row, column, _resealed(vault, getattr(row, column), f"{model.__tablename__} {number}"))
    return len(ids)


def _resealed(vault: Vault, sealed: bytes, what: str) -> bytes:
    try:
        return vault.reseal(sealed)
    except Sealed as error:
        raise click.ClickException(
            f"No key in ALMANAC_SECRET_KEY opens the secrets of {what}. "
            "Add the key it was sealed with; nothing was changed."
        ) from error


@click.command()
@click.option(
    "--backup-at",
    required=True,
    type=click.DateTime(
        ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M%z"]
    ),
    help="When the backup was made, with its offset, as in 2026-11-24T01:00Z.",
)
def restored(backup_at: datetime) -> None:
    """After the database was restored: publish nothing again that went out since the backup.

    Run it while every clock and worker is stopped. What fell due since the backup is looked up on its platform or asked
    about; every workspace is paused until you resume it.
    """
    now = datetime.now(UTC)
    if backup_at > now:
        raise click.ClickException(
            "That backup would have been made in the future. Write its offset, as in Z or +08:00."
        )
    with transaction():
        done = restoring.restored(backup_at.astimezone(UTC), now)
    with transaction():
        ledger_mark.keep()
    click.echo(
        f"{done.doubted} deliveries may have gone out since the backup: each is looked up, or asked about."
    )
    click.echo(f"{done.paused} workspaces are paused and hold {done.ahead} that are still ahead.")
    click.echo(
        "Start the clock and the workers, look at each channel's last posts, then resume under Settings."
    )


@click.command()
@click.option(
    "--mastodon", default="http://127.0.0.1:8101", show_default=True, help="The Mastodon simulator."
)
@click.option("--bluesky", default="http://127.0.0.1:8102", show_default=True, help="The Bluesky simulator.")
def demo(mastodon: str, bluesky: str) -> None:
    """Fill an empty database with a tea brand, its people and a month of posts."""
    from calendar_app import demo as scene

    with transaction() as config:
        logs.set_up(config, "demo")
        if people.anyone_here():
            click.echo("There are people here already; the demo leaves everything as it is.")
            return
        now = datetime.now(UTC)
        logins = scene.seed(mastodon=mastodon, bluesky=bluesky, now=now, elsewhere=config.relays)
        ledger_mark.path().unlink(missing_ok=True)
    leave_logins(config.data, logins)


@click.command()
@click.option("--week", is_flag=True, default=True, help="The coming seven days; no other length is there.")
@click.option("--workspace", "slug", help="Only this workspace, by its name in addresses; all if absent.")
def rehearse(week: bool, slug: str | None) -> None:
    """Play the coming week through on simulated platforms, and tell what would go wrong.

    Nothing is published and nothing is changed. Ends with 1 if anything would fail, be late or be held.
    """
    from calendar_app import rehearsal
    from calendar_app.rehearsal import telling

    is_good = True
    with transaction() as config:
        logs.set_up(config, "rehearse")
        logging.getLogger().setLevel(logging.ERROR)  # what would go wrong is told by the table
        for space in _workspaces(slug):
            coming, name = rehearsal.gather(space, datetime.now(UTC)), space.name
            db.session.commit()
            report = rehearsal.rehearse(coming, REHEARSED_FOR)
            click.echo("\n".join([name, *telling.lines(report)]))
            is_good = is_good and report.is_good
    raise SystemExit(0 if is_good else 1)


def _workspaces(slug: str | None) -> list[Workspace]:
    query = select(Workspace).order_by(Workspace.name)
    found = list(db.session.scalars(query.where(Workspace.slug == slug) if slug else query))
    if slug and not found:
        raise click.ClickException(f"There is no workspace {slug}.")
    return found


def leave_logins(data: Path, logins: list[str]) -> None:
    """Keep the demo's logins where ``almanac up`` shows them at every start."""
    path = data / "demo_logins.txt"
    path.write_text("\n".join(logins) + "\n", encoding="utf-8")
    path.chmod(0o600)
