"""Reddit's OAuth, as the simulated Reddit has it, and who may call at all."""

from __future__ import annotations

from typing import Any

from werkzeug import Response

from publishers.simulators.reddit_rules import AGENT
from publishers.simulators.social_oauth import OAuth
from publishers.simulators.social_state import Token
from publishers.simulators.wire import Call, Refusal


def trouble(status: int, name: str, description: str) -> Refusal:
    """A code that is none is told with status 200, a refresh token that is none is not."""
    if name == "invalid_client":
        return Refusal(401, {"message": "Unauthorized", "error": 401})
    if name == "invalid_grant" and "refresh" not in description:
        return Refusal(200, {"error": "invalid_grant"})
    return Refusal(400, {"message": "Bad Request", "error": 400})


class RedditOAuth(OAuth):
    """The flow; only a permanent grant comes with a refresh token, which stays the same for ever."""

    def consent(self, call: Call) -> Response:
        """The person's answer; a grant for an hour is marked so."""
        back = super().consent(call)
        if call.form.get("duration") != "permanent" and self._social.state.grants:
            list(self._social.state.grants.values())[-1].scope += " (temporary)"
        return back

    def token(self, call: Call) -> Response:
        """As everywhere, to callers who say who they are."""
        check_agent(call)
        return super().token(call)

    def body(self, token: Token) -> dict[str, Any]:
        """Without what only other platforms tell."""
        left_out = {"refresh_expires_in", "open_id", "uid"}
        if token.scope.endswith(" (temporary)"):
            left_out.add("refresh_token")
        return {name: value for name, value in super().body(token).items() if name not in left_out}


def check_agent(call: Call) -> None:
    """Callers that do not say who they are get nothing."""
    if not AGENT.match(call.headers.get("User-Agent", "")):
        raise Refusal(429, {"message": "Too Many Requests", "error": 429}, {"x-ratelimit-reset": "600"})
