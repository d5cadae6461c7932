"""Google's OAuth, as the simulated YouTube has it."""

from __future__ import annotations

import json
from typing import Any

from werkzeug import Response

from publishers.simulators.rack import params
from publishers.simulators.social_oauth import OAuth
from publishers.simulators.social_state import Token
from publishers.simulators.wire import Call, answer


class GoogleOAuth(OAuth):
    """Google gives a refresh token with the first tokens alone, and only for offline access."""

    def consent(self, call: Call) -> Response:
        """The person's answer; a grant for online access is marked so."""
        back = super().consent(call)
        if call.form.get("access_type") != "offline" and self._social.state.grants:
            newest = list(self._social.state.grants.values())[-1]
            newest.scope += " (online)"
        return back

    def token(self, call: Call) -> Response:
        """A pair of tokens, or an access token for a refresh token."""
        given = json.loads(super().token(call).get_data())
        if params(call).get("grant_type") == "refresh_token" or given["scope"].endswith(" (online)"):
            given.pop("refresh_token", None)
        return answer(given)

    def body(self, token: Token) -> dict[str, Any]:
        """Without what only other platforms tell."""
        told = super().body(token)
        return {n: v for n, v in told.items() if n not in ("refresh_expires_in", "open_id", "uid")}
