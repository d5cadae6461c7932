"""A Page's video: sent in pieces while nobody sees it, shown by the one call that ends the upload.

Sources: Meta docs, graph-api/reference/page/videos (upload_phase) and graph-api/reference/video (status).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from publishers import present
from publishers.errors import Evidence, Rejected, Temporary
from publishers.http import Reply, opened
from publishers.meta import Graph
from publishers.values import Accepted, Media

LOOK_AGAIN = timedelta(seconds=20)
FIELDS = "id,post_id,status"
STILL_WORKING = "Facebook is still working on this video."


def uploaded(graph: Graph, page: str, media: Media) -> dict[str, str]:
    """Send all of a video; the handles that ``shown`` needs. Facebook says how much it takes at once."""
    path = f"/{page}/videos"
    begun = graph.post(path, _begun, upload_phase="start", file_size=str(media.size))
    session, start, end = begun["session"], begun["start"], begun["end"]
    with opened(media) as stream:
        while start != end:
            stream.seek(int(start))
            piece = {"video_file_chunk": (media.path.name, stream.read(int(end) - int(start)), media.mime)}
            form = {"upload_phase": "transfer", "upload_session_id": session, "start_offset": start}
            start, end = graph.upload(path, _offsets, piece, **form)
    return {"video": begun["video"], "session": session}


def shown(graph: Graph, page: str, handles: Mapping[str, Any], form: Mapping[str, str]) -> Accepted:
    """End the upload: Facebook makes the video ready, then shows it."""
    ending = {"upload_phase": "finish", "upload_session_id": str(handles["session"])}
    graph.publish(f"/{page}/videos", _success, **ending, **form)
    return Accepted({"video": str(handles["video"])}, present.now() + LOOK_AGAIN)


def post_of(graph: Graph, page: str, video: str) -> str | None:
    """The id of the post that shows a video, None while Facebook works on it; ``Rejected`` where it can't be made."""
    found = graph.get(f"/{video}", lambda reply: dict(reply.body), fields=FIELDS)
    status = found.get("status", {})
    if status.get("video_status") == "error":
        raise Rejected(_reason(status), Evidence(code="video_status", body=str(status)))
    post = str(found.get("post_id") or "")
    if not post or _phase(status, "publishing") != "complete":
        return None
    return post if "_" in post else f"{page}_{post}"


def lost_post(graph: Graph, page: str, video: str) -> str | None:
    """As ``post_of``, after the answer to ``shown`` was lost; None where that call never arrived."""
    status = graph.get(f"/{video}", lambda reply: dict(reply.body.get("status", {})), fields=FIELDS)
    if _phase(status, "processing") == "not_started":
        return None
    post = post_of(graph, page, video)
    if post is None:
        raise Temporary(STILL_WORKING, Evidence(code="video_processing"))
    return post


def _begun(reply: Reply) -> dict[str, str]:
    names = {
        "video": "video_id",
        "session": "upload_session_id",
        "start": "start_offset",
        "end": "end_offset",
    }
    return {ours: str(reply.body[theirs]) for ours, theirs in names.items()}


def _offsets(reply: Reply) -> tuple[str, str]:
    return str(reply.body["start_offset"]), str(reply.body["end_offset"])


def _success(reply: Reply) -> bool:
    if not reply.body["success"]:
        raise ValueError("no success")
    return True


def _phase(status: Mapping[str, Any], name: str) -> str:
    return str(status.get(f"{name}_phase", {}).get("status", ""))


def _reason(status: Mapping[str, Any]) -> str:
    phases = (status.get(f"{name}_phase", {}) for name in ("uploading", "processing", "publishing"))
    told = [error.get("message") for phase in phases for error in phase.get("errors", ())]
    return str(next(filter(None, told), "Facebook could not make this video ready."))
