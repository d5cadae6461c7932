"""app.bsky.video of a simulated Bluesky host: upload, wait for the job, use the blob."""

from __future__ import annotations

from typing import Any

from werkzeug import Response

from publishers.simulators.bluesky_repo import RepoApi, blob_reference
from publishers.simulators.bluesky_server import argument
from publishers.simulators.bluesky_state import Blob, State
from publishers.simulators.bluesky_tokens import Tokens, bad_request
from publishers.simulators.simulator import Route, Simulator
from publishers.simulators.wire import Call, answer

DAILY_VIDEOS = 25
DAILY_BYTES = 10 * 1024**3


class VideoApi:
    """Jobs are named after the bytes, so that a second upload of a video finds the first one's blob."""

    def __init__(self, sim: Simulator, state: State, tokens: Tokens, repo: RepoApi) -> None:
        self._sim, self._state, self._tokens, self._repo = sim, state, tokens, repo
        self._jobs: dict[str, Blob] = {}

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            ("POST", "/xrpc/app.bsky.video.uploadVideo", self.upload),
            ("GET", "/xrpc/app.bsky.video.getJobStatus", self.status),
            ("GET", "/xrpc/app.bsky.video.getUploadLimits", self.limits),
        ]

    def upload(self, call: Call) -> Response:
        """A job, or for known bytes 409 ``already_exists`` together with the blob."""
        account = self._tokens.require_service(call)
        blob = self._repo.keep(account, call)
        if blob.mime != "video/mp4":
            raise bad_request("Only mp4 videos are accepted")
        job = f"{blob.cid[-16:]}{account.did[-6:]}"
        if job in self._jobs:
            self._state.blobs[blob.did, blob.cid] = self._jobs[job]
            body = {**self._job(job), "error": "already_exists", "message": "Video already processed"}
            return answer(body, 409)
        self._jobs[job] = blob
        return answer(self._job(job))

    def status(self, call: Call) -> Response:
        """Where a job stands."""
        job = argument(call, "jobId")
        if job not in self._jobs:
            raise bad_request("Job not found")
        return answer({"jobStatus": self._job(job)})

    def limits(self, call: Call) -> Response:
        """What may still be uploaded today."""
        self._tokens.require_service(call)
        return answer(
            {"canUpload": True, "remainingDailyVideos": DAILY_VIDEOS, "remainingDailyBytes": DAILY_BYTES}
        )

    def _job(self, job: str) -> dict[str, Any]:
        blob = self._jobs[job]
        status: dict[str, Any] = {"jobId": job, "did": blob.did}
        if self._sim.settings.media_fails:
            return {
                **status,
                "state": "JOB_STATE_FAILED",
                "error": "failed",
                "message": "Video could not be processed",
            }
        if self._sim.clock.now() < blob.created_at + self._sim.settings.video_seconds:
            return {**status, "state": "JOB_STATE_ENCODING", "progress": 50}
        return {**status, "state": "JOB_STATE_COMPLETED", "progress": 100, "blob": blob_reference(blob)}
