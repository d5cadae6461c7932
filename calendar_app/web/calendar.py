"""The calendar: its page, the feed it draws, and what happens when a post is dragged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, abort, g, jsonify, render_template, request
from flask.json import dumps
from flask_babel import gettext as _
from flask_login import current_user

from calendar_app import feed, moving, planning, walltime, warned
from calendar_app.extensions import db
from calendar_app.models import Post, Role
from calendar_app.refusals import Refusal
from calendar_app.web import edge, loading
from calendar_app.web import risks as said
from calendar_app.web.calendar_rows import rows, wall
from calendar_app.web.choices import asked, choices

blueprint = loading.workspace_blueprint("calendar", __name__)
KINDS = {
    planning.PastTime: "past",
    planning.StaleEdit: "stale",
    planning.GoingOut: "out",
    walltime.SkippedTime: "skipped",
    walltime.RepeatedTime: "repeated",
}


@blueprint.get("/calendar")
def index() -> str:
    """The page; its posts come by the feed."""
    plans = g.membership.role.includes(Role.PLANNER)
    is_new = feed.is_empty(g.workspace)
    return render_template(
        "calendar/index.html", choices=choices(), plans=plans, is_new=is_new, risks=_at_risk()
    )


@blueprint.get("/calendar/risks")
def risks() -> str:
    """What could stop posts of this workspace, as the calendar says it above its days."""
    return render_template("calendar/_risks.html", risks=_at_risk(), is_fragment=True)


@blueprint.get("/calendar/feed")
def posts() -> Any:
    """The posts between ``start`` and ``end``, both on the viewer's clock, as JSON; 304 where nothing changed."""
    start, end = (_instant(request.args.get(name)) for name in ("start", "end"))
    try:
        found = feed.between(g.workspace, start, end, asked())
    except feed.RangeTooLong as refusal:
        return _refused(refusal, 400)
    answer = Response(_compact({"rows": rows(found)}), mimetype="application/json")
    answer.add_etag()
    answer.headers["X-Now"] = str(int(edge.now().timestamp() * 1000))
    return answer.make_conditional(request)


@blueprint.post("/calendar/move")
@loading.needs(Role.PLANNER)
def move() -> Response:
    """Reschedule one post: ``{id, wall, revision, zone?, fold?}``; a refusal says why and changes nothing."""
    body = _body()
    post = loading.post(body["id"])
    before, stage = moving.place_of(post), post.stage
    try:
        moving.drop(post, body["place"], body["revision"], current_user, edge.now())
    except Refusal as refusal:
        db.session.rollback()
        return _refused(refusal, 409)
    db.session.commit()
    (row,) = rows(feed.entries([post.id]))
    withdrawn = stage.value if post.stage != stage else None
    return jsonify(row=row, withdrawn=withdrawn, undo=_undo(post, before))


def _at_risk() -> dict[str, Any]:
    found, role = warned.at_risk(g.workspace, current_user), g.membership.role
    told = [(delivery, risk) for delivery in found.deliveries for risk in said.risks(delivery, role)]
    return {"posts": found.posts, "own": found.own, "told": told}


def _compact(body: dict[str, Any]) -> str:
    """JSON in which a Chinese character takes three bytes instead of six, and no time goes into order."""
    return dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=False)


def _undo(post: Post, before: moving.Place) -> dict[str, Any]:
    return {
        "id": post.id,
        "wall": wall(before.wall_time),
        "zone": before.zone,
        "fold": before.fold,
        "revision": post.revision,
    }


def _body() -> dict[str, Any]:
    """The body of a move, or 400."""
    body: Any = request.get_json(silent=True)
    try:
        zone = ZoneInfo(body.get("zone") or current_user.zone).key
        place = moving.Place(_naive(body["wall"]), zone, _fold(body.get("fold")))
        return {"id": _whole(body["id"]), "revision": _whole(body["revision"]), "place": place}
    except (AttributeError, KeyError, TypeError, ValueError, OSError):
        abort(400)


def _whole(value: object) -> int:
    number = int(str(value))
    if not 0 <= number < 2**31:
        raise ValueError
    return number


def _fold(value: object) -> int | None:
    return None if value is None else int(bool(value))


def _instant(text: str | None) -> datetime:
    """What the viewer's clock shows, as an instant; at a change of clocks the first one will do."""
    try:
        return _naive(text or "").replace(tzinfo=ZoneInfo(current_user.zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        abort(400)


def _naive(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _refused(refusal: Refusal, status: int) -> Response:
    answer: dict[str, Any] = {"error": str(refusal), "kind": KINDS.get(type(refusal), "refused")}
    if isinstance(refusal, walltime.RepeatedTime):
        answer["choices"] = [_spelled(refusal.first), _spelled(refusal.second)]
    response = jsonify(answer)
    response.status_code = status
    return response


def _spelled(instant: datetime) -> str:
    local = instant.astimezone(ZoneInfo(current_user.zone))
    offset = f"{local:%z}"
    return _("%(time)s at UTC%(offset)s", time=f"{local:%H:%M}", offset=f"{offset[:3]}:{offset[3:]}")
