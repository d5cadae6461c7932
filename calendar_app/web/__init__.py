"""The screens: a blueprint for each family, hung onto the app here."""

from __future__ import annotations

from flask import Flask

from calendar_app.extensions import csrf
from calendar_app.web import (
    approvals,
    assets,
    auth,
    calendar,
    channels,
    composer,
    connect,
    deliveries,
    errors,
    files,
    handoff,
    handoff_link,
    hooks,
    library,
    locale,
    metrics,
    nav,
    operations,
    people,
    platforms,
    posts,
    posts_list,
    probes,
    profile,
    public_files,
    rehearsal,
    security,
    shortcuts,
    styleguide,
    workspaces,
)

BLUEPRINTS = (
    auth.blueprint,
    workspaces.blueprint,
    workspaces.door,
    profile.blueprint,
    people.blueprint,
    channels.blueprint,
    connect.blueprint,
    connect.returning,
    calendar.blueprint,
    posts_list.blueprint,
    approvals.blueprint,
    posts.blueprint,
    deliveries.blueprint,
    composer.blueprint,
    library.blueprint,
    files.blueprint,
    handoff.blueprint,
    handoff_link.blueprint,
    operations.blueprint,
    rehearsal.blueprint,
    styleguide.blueprint,
    probes.blueprint,
    metrics.blueprint,
    hooks.blueprint,
    public_files.blueprint,
)


def register(app: Flask) -> None:
    """Bind the web extensions and every blueprint to ``app``."""
    csrf.init_app(app)
    for part in (auth, security, locale, platforms, assets, nav, shortcuts, errors):
        part.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
