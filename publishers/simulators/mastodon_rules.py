"""What makes a status unacceptable, in the server's own words (server source, PostStatusService and validators)."""

from __future__ import annotations

from typing import Any

from publishers.simulators.limiter import Quota
from publishers.simulators.mastodon_access import invalid, not_found, refusal
from publishers.simulators.mastodon_software import Software
from publishers.simulators.mastodon_state import Account, Media, State, Status
from publishers.simulators.mastodon_text import length
from publishers.simulators.rack import strings
from publishers.simulators.simulator import Simulator

VISIBILITIES = ("public", "unlisted", "private", "direct")
MIXED = "Cannot attach a video to a post that already contains images"
UNREADY = "Cannot attach files that have not finished processing. Try again in a moment!"
PIXELFED_DAY = Quota("pixelfed-day", 1000, 86_400)


class Rules:
    """Validation of new and edited statuses; the caller holds the lock."""

    def __init__(self, sim: Simulator, state: State, software: Software) -> None:
        self._sim, self._state, self._software = sim, state, software

    @property
    def max_characters(self) -> int:
        """The limit on the length of a text."""
        return self._sim.settings.max_characters or self._software.max_characters

    def check_new(self, account: Account, given: dict[str, Any]) -> None:
        """Raise the refusal that a new status deserves."""
        if given.get("scheduled_at"):
            raise invalid("Scheduled at is not simulated")
        if str(given.get("visibility") or "public") not in VISIBILITIES:
            raise invalid("Visibility is not included in the list")
        self._check_parent(given)
        self._check_day(account)
        media = self._named_media(account, given, status_id="")
        self._check_media(media)
        self._check_text(given, bool(media), reply=bool(given.get("in_reply_to_id")))

    def check_edit(self, account: Account, status: Status, given: dict[str, Any]) -> None:
        """Raise the refusal that an edit deserves; media of the status itself may stay."""
        media = self._named_media(account, given, status_id=status.id)
        self._check_media(media)
        self._check_text(given, bool(media), reply=bool(status.in_reply_to_id))

    def _check_parent(self, given: dict[str, Any]) -> None:
        parent = str(given.get("in_reply_to_id") or "")
        if parent and self._state.living(parent) is None:
            raise not_found()

    def _check_day(self, account: Account) -> None:
        if self._software.name != "pixelfed" or not self._sim.settings.rate_limits:
            return
        if self._sim.limiter.hit(PIXELFED_DAY, account.id, self._sim.clock.now()).exceeded:
            raise refusal(429, "You have reached your daily post limit")

    def _named_media(self, account: Account, given: dict[str, Any], status_id: str) -> list[Media]:
        ids = strings(given.get("media_ids"))
        if len(ids) > self._software.max_media:
            raise refusal(422, f"Cannot attach more than {self._software.max_media} files")
        oldest = self._sim.clock.now() - self._sim.settings.media_ttl
        missing = [
            id for id in ids if not self._usable(self._state.media.get(id), account.id, status_id, oldest)
        ]
        if missing:
            raise refusal(422, f"Media {', '.join(missing)} not found or already attached to another post")
        return [self._state.media[id] for id in ids]

    def _usable(self, media: Media | None, account_id: str, status_id: str, oldest: float) -> bool:
        if media is None or media.account_id != account_id:
            return False
        return media.status_id == status_id if media.status_id else media.created_at >= oldest

    def _check_media(self, media: list[Media]) -> None:
        if len(media) > 1 and any(item.type != "image" for item in media):
            raise refusal(422, MIXED)
        if any(item.failed or item.ready_at > self._sim.clock.now() for item in media):
            raise refusal(422, UNREADY)

    def _check_text(self, given: dict[str, Any], has_media: bool, reply: bool) -> None:
        text, spoiler = str(given.get("status") or ""), str(given.get("spoiler_text") or "")
        if self._software.needs_media and not has_media and not reply:
            raise refusal(403, "Empty statuses are not allowed")
        if not text.strip() and not has_media:
            raise invalid("Text can't be blank")
        counted = length(spoiler, text) if self._software.counts_graphemes else len(spoiler + text)
        if counted > self.max_characters:
            raise self._too_long()

    def _too_long(self) -> Exception:
        if self._software.too_long_status == 400:
            return refusal(400, f"Bad Request: status too long, maximum is {self.max_characters} characters")
        return invalid(f"Text character limit of {self.max_characters} exceeded")
