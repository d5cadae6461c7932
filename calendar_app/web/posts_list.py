"""Every post of the workspace as a list to filter, sort and leaf through."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request, url_for

from calendar_app import feed
from calendar_app.models import Role
from calendar_app.web import loading
from calendar_app.web.calendar_rows import risks_of
from calendar_app.web.choices import asked, choices

blueprint = loading.workspace_blueprint("plan", __name__)
KEPT = ("state", "channel", "owner", "label", "q", "risk", "sort")


@blueprint.get("/posts")
def index() -> str:
    """One page of posts; the whole choice is in the address."""
    filters, soonest = asked(), request.args.get("sort") == "soonest"
    number = request.args.get("page", 1, type=int)
    found = feed.page(g.workspace, filters, number, latest_first=not soonest)
    return render_template(
        "plan/index.html",
        choices=choices(),
        chosen=filters,
        found=found,
        risks=risks_of(found.entries),
        soonest=soonest,
        address=_address,
        plans=g.membership.role.includes(Role.PLANNER),
    )


def _address(page: int = 1, **changes: Any) -> str:
    """This list with another page or order."""
    kept = {name: request.args.getlist(name) for name in KEPT if any(request.args.getlist(name))}
    return url_for("plan.index", **(kept | changes), page=page if page > 1 else None)
