"""The ``almanac`` command. What a subcommand needs is imported when it runs: help and refusals come at once."""

import importlib
import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from calendar_app.config import Config

ELSEWHERE = {
    "demo": "calendar_app.cli:demo",
    "migrate": "calendar_app.cli:migrate",
    "rehearse": "calendar_app.cli:rehearse",
    "restored": "calendar_app.cli:restored",
    "rotate-keys": "calendar_app.cli:rotate_keys",
    "user": "calendar_app.cli:user",
    "workspace": "calendar_app.cli:workspace",
}


class Almanac(click.Group):
    """A group whose database commands are loaded from ``calendar_app.cli`` on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = ELSEWHERE[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=Almanac, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="almanac")
def cli() -> None:
    """Almanac: a content calendar that publishes what was approved, at its second."""


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8100, show_default=True, help="Port of the web pages.")
@click.option("--demo", is_flag=True, help="With a demo workspace and platforms that run on this machine.")
@click.option("--mastodon-port", default=8101, show_default=True, help="Port of the demo's Mastodon.")
@click.option("--bluesky-port", default=8102, show_default=True, help="Port of the demo's Bluesky.")
@click.option(
    "--more-port", default=8103, show_default=True, help="First port of its other platforms; 0: without them."
)
def up(host: str, port: int, demo: bool, mastodon_port: int, bluesky_port: int, more_port: int) -> None:
    """Run everything on this machine: Redis, database, web, clock and workers."""
    from workers.output import Output
    from workers.up import Options
    from workers.up import up as run

    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    output = Output(colours=colours, as_json=os.environ.get("ALMANAC_LOG_FORMAT") == "json")
    sys.exit(run(Options(host, port, demo, mastodon_port, bluesky_port, more_port), os.environ, output))


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8100, show_default=True)
@click.option("--workers", default=1, show_default=True, help="Processes; about one for each core.")
@click.option("--threads", default=8, show_default=True, help="Threads in each process.")
@click.option("--access-log", is_flag=True, help="Log each request (path, status, time).")
def web(host: str, port: int, workers: int, threads: int, access_log: bool) -> None:
    """Serve the pages and the API."""
    from workers.web import Serving, serve

    serve(_config(), Serving(host, port, workers, threads, access_log))


@cli.command()
def clock() -> None:
    """Ring the workers when a delivery is due. Any number of clocks may run."""
    from calendar_app import create_app
    from calendar_app.logs import set_up
    from workers.clock import run
    from workers.closing import closing

    config = _config()
    set_up(config, "clock")
    with closing(create_app(config)) as app:
        run(app)


@cli.command()
@click.argument("queue", type=click.Choice(["publish", "background", "render"]))
def worker(queue: str) -> None:
    """Do what the clock rings for: publish deliveries, work in the background, or make renditions."""
    from calendar_app.logs import set_up
    from workers import jobs
    from workers.closing import closing
    from workers.queues import run

    set_up(_config(), f"worker {queue}")
    with closing(jobs.app()):
        run(queue)


@cli.command()
def doctor() -> None:
    """Look at this set-up and say in plain words what is wrong with it."""
    from workers.doctor import examine

    sys.exit(examine(os.environ, click.echo))


def _config() -> "Config":
    """The set-up; without a named Redis, the one that ``almanac up`` runs in this data folder."""
    from calendar_app.cli import configured
    from workers.embedded_redis import describe

    config = configured()
    if config.redis_url is not None:
        return config
    embedded = describe(config.redis_folder)
    if embedded is None:
        raise click.ClickException("Set ALMANAC_REDIS_URL to your Redis, or run everything with: almanac up")
    os.environ["ALMANAC_REDIS_URL"] = embedded.url
    return configured()


def main() -> None:
    """Run the command line."""
    cli(prog_name="almanac")


if __name__ == "__main__":
    main()
