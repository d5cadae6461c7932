"""Steering a simulated LinkedIn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from publishers.simulators.clock import epoch
from publishers.simulators.control import Body
from publishers.simulators.social_control import SocialControl
from publishers.simulators.social_state import Post

if TYPE_CHECKING:
    from publishers.simulators.linkedin import LinkedIn


class LinkedInControl(SocialControl):
    """Posts of a demo are called by URN, too."""

    def __init__(self, simulator: LinkedIn) -> None:
        self._linkedin = simulator
        super().__init__(simulator)

    def post(self, account: str, text: str, at: str = "", **details: Any) -> Body:
        """As everywhere."""
        social = self._linkedin
        with social.lock:
            author = social.join(account)
            instant = epoch(at) if at else social.clock.now()
            post = Post(social.new_post_id(()), author.id, text, instant, instant, extra=details)
            social.add(post)
        return {"id": post.id, "url": social.address(post)}
