"""What became of a delivery, in plain sentences: the one table from states, holds, steps and outcomes to words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask_babel import format_time, to_user_timezone
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

import publishers
from calendar_app import handing, triage
from calendar_app.models import (
    Approval,
    Channel,
    Delivery,
    Hold,
    Outcome,
    State,
    Step,
    User,
    Verdict,
)
from calendar_app.retrying import BACK_OFF
from calendar_app.web import sentences
from calendar_app.web.locale import moment
from publishers import follows
from publishers.base import Option

FULL_TRIES = len(BACK_OFF) + 1
UNTAKEN = timedelta(seconds=5)
SAME_DAY = timedelta(hours=12)

SITUATION: Mapping[State, Any] = {
    State.SCHEDULED: _l("Waiting for its time."),
    State.PUBLISHING: _l("Being sent to %(platform)s now."),
    State.PROCESSING: _l("%(platform)s took it and is still processing it. We keep asking."),
    State.PUBLISHED: _l("Out on %(platform)s."),
    State.UNCONFIRMED: _l("The answer of %(platform)s was lost, so we do not know whether it is out."),
    State.HELD: _l("Waits for a person."),
    State.FAILED: _l("Not out on %(platform)s."),
    State.CANCELED: _l("Canceled: it does not go out on %(platform)s."),
}
HELD: Mapping[Hold, Any] = {
    Hold.LATE: _l("Its time passed before it could go out, so nothing was sent."),
    Hold.PAUSED: _l("Publishing was paused before its time, so nothing was sent."),
    Hold.RECONNECT: _l("%(platform)s no longer accepts this channel's credentials, so nothing was sent."),
    Hold.UNAPPROVED: _l("Its approval was withdrawn, so it is not sent."),
    Hold.HANDOVER: _l("To be posted on %(platform)s by a person at %(time)s."),
}
ADVICE: Mapping[Hold, Any] = {
    Hold.LATE: _l("An approver can publish it now all the same, or it can be canceled."),
    Hold.PAUSED: _l("It goes out once publishing is resumed in time; cancel it if it should not."),
    Hold.RECONNECT: _l("Reconnect the channel; it goes out then if its time has not passed."),
    Hold.UNAPPROVED: _l("Have the post approved again, or cancel it here."),
    Hold.HANDOVER: _l(
        "Open the hand-off: it lays everything out, and takes the link of the post once it is out."
    ),
}
LATE_BY_HAND = _l("To be posted on %(platform)s by a person; it was due at %(time)s and is late.")
BEING_HANDED = _l("Being handed over to a person now.")
HANDED_OVER = _l("Laid out for a person who posts it.")
BEGUN: Mapping[Step, Any] = {
    Step.PREPARE: _l("Uploading its files to %(platform)s."),
    Step.PUBLISH: _l("Taken up; nothing is sent yet."),
    Step.FIND: _l("Looking for it on %(platform)s."),
    Step.CONFIRM: _l("Asking %(platform)s whether it is ready."),
}
ENDED: Mapping[tuple[Step, Outcome], Any] = {
    (Step.PREPARE, Outcome.PREPARED): _l("Its files are on %(platform)s, ready for the promised second."),
    (Step.PREPARE, Outcome.REJECTED): _l("%(platform)s turned its files down."),
    (Step.PREPARE, Outcome.TEMPORARY): _l("The files could not be uploaded this time."),
    (Step.PREPARE, Outcome.LOST): _l("The upload stopped halfway. It is done again."),
    (Step.PUBLISH, Outcome.PUBLISHED): _l("%(platform)s confirmed it: the post is out."),
    (Step.PUBLISH, Outcome.ACCEPTED): _l("%(platform)s took it and will show it after processing."),
    (Step.PUBLISH, Outcome.TEMPORARY): _l("%(platform)s was in trouble. Nothing was posted."),
    (Step.PUBLISH, Outcome.UNCONFIRMED): _l("No clear answer came back: it may or may not be out."),
    (Step.PUBLISH, Outcome.LOST): _l("The worker stopped before sending. Nothing was posted."),
    (Step.FIND, Outcome.PUBLISHED): _l("Found on %(platform)s: the post is out."),
    (Step.FIND, Outcome.ABSENT): _l("Looked on %(platform)s: it is not there."),
    (Step.CONFIRM, Outcome.PUBLISHED): _l("%(platform)s shows it now: the post is out."),
    (Step.CONFIRM, Outcome.ACCEPTED): _l("%(platform)s is still processing it."),
    (Step.CONFIRM, Outcome.REJECTED): _l("%(platform)s turned it down after processing."),
}
ENDED_ANYHOW: Mapping[Outcome, Any] = {
    Outcome.PREPARED: _l("Ready."),
    Outcome.PUBLISHED: _l("The post is out."),
    Outcome.ACCEPTED: _l("%(platform)s took it."),
    Outcome.ABSENT: _l("It is not on %(platform)s."),
    Outcome.TEMPORARY: _l("%(platform)s gave no useful answer this time."),
    Outcome.RATE_LIMITED: _l("%(platform)s asked for a pause. Nothing was posted and no try is used up."),
    Outcome.REJECTED: _l("%(platform)s turned the post down."),
    Outcome.UNAUTHORIZED: _l("%(platform)s did not accept the channel's credentials. Nothing was posted."),
    Outcome.STALE: _l("%(platform)s no longer had the uploaded files. They are uploaded again."),
    Outcome.UNPREPARED: _l("Its files were not on %(platform)s yet. It goes out as soon as they are."),
    Outcome.PACED: _l("It waits for its turn: this channel keeps to a pace that %(platform)s accepts."),
    Outcome.UNCONFIRMED: _l("%(platform)s gave no clear answer."),
    Outcome.HELD: _l("Stopped before sending: it waits for a person."),
    Outcome.LOST: _l("The worker stopped before it was done."),
}
PUT_OFF: Mapping[Outcome | None, Any] = {
    Outcome.RATE_LIMITED: _l("%(platform)s asked for a pause until %(time)s."),
    Outcome.PACED: _l(
        "It waits for its turn at %(time)s: this channel keeps to a pace that %(platform)s accepts."
    ),
    Outcome.UNPREPARED: _l("Its files are not on %(platform)s yet. It is tried again at %(time)s."),
}
ANSWERED: Mapping[str, Any] = {
    State.SCHEDULED: _l("%(name)s asked for another try."),
    State.CANCELED: _l("%(name)s canceled it."),
    State.PUBLISHED: _l("%(name)s saw it on %(platform)s."),
    State.FAILED: _l("%(name)s looked on %(platform)s: it is not there."),
    handing.DONE: _l("%(name)s posted it on %(platform)s."),
    handing.PASSED_ON: _l("%(name)s could not post it: %(reason)s"),
    triage.FOLLOW_IS_THERE: _l("%(name)s saw what follows it on %(platform)s."),
    triage.FOLLOW_SENT: _l("%(name)s had what follows it sent."),
    triage.FOLLOW_LEFT: _l("%(name)s left out what follows it."),
}
VERDICTS: Mapping[Verdict, Any] = {
    Verdict.SUBMITTED: _l("%(name)s submitted it for approval."),
    Verdict.APPROVED: _l("%(name)s approved it."),
    Verdict.SENT_BACK: _l("%(name)s sent it back."),
    Verdict.WITHDRAWN: _l("%(name)s edited it, which withdrew the approval."),
}
OURS: Mapping[str, Any] = {
    "unreachable": _l("The server could not be reached."),
    "answer_lost": _l("The connection broke before an answer came."),
    "unreadable_answer": _l("The answer could not be read."),
    "media_unreadable": _l("A file of this post could not be opened."),
    "media_processing": _l("The server was still working on the files."),
    "not_prepared": _l("The files were not uploaded yet."),
    "not_kept": _l("The server took it but did not show it."),
    "media_not_ready": _l("A file of this post was still being made ready for the channel."),
    "media_does_not_fit": _l("A file of this post can not be made to fit the channel."),
    "stumbled": _l("Almanac stumbled before sending; the log of the worker says more."),
    "broke_off": _l("Almanac stumbled while sending; the log of the worker says more."),
    "key_lapsed": _l("Too much time has passed to send it again safely."),
    "twin": _l("Another post with the same words waits for an answer too, so they can not be told apart."),
    "no_room": _l("The pace of this channel leaves no room before its latest time."),
    "too_many_posts": _l("There were too many newer posts to look through."),
}
METRICS: Mapping[str, Any] = {
    "likes": _l("Likes"),
    "reposts": _l("Reposts"),
    "replies": _l("Replies"),
    "quotes": _l("Quotes"),
    "views": _l("Views"),
    "saves": _l("Saves"),
    "impressions": _l("Impressions"),
    "reach": _l("Reach"),
    "shares": _l("Shares"),
    "clicks": _l("Clicks"),
}
ICONS: Mapping[str, str] = {
    "likes": "heart",
    "reposts": "repost",
    "replies": "reply",
    "quotes": "quote",
    "views": "eye",
    "saves": "label",
    "impressions": "eye",
    "reach": "people",
    "shares": "external",
    "clicks": "link",
}


def platform(channel: Channel) -> str:
    """The platform's name as people write it."""
    return sentences.label(publishers.get(channel.platform).label_of(channel.traits))


def chosen_options(channel: Channel, chosen: Mapping[str, str]) -> list[tuple[str, str]]:
    """The platform's own fields that were filled in: label and value, both in words."""
    given = [option for option in publishers.get(channel.platform).options if chosen.get(option.name)]
    return [(sentences.label(option.label), _choice(option, chosen[option.name])) for option in given]


def follow_name(channel: Channel, place: int | None = None) -> str:
    """How what follows a post is called there; in a thread with its number, since the post itself is the first."""
    kind = publishers.get(channel.platform).follows
    name = sentences.label(follows.OPTIONS[kind].label) if kind else ""
    return f"{name} {place + 2}" if kind == "thread" and place is not None else name


def mark(name: str) -> str:
    """A letter or two that stand for a platform where there is no room for its name."""
    publisher = publishers.get(name)
    return publisher.mark or sentences.label(publisher.label)[:1]


def name_of_platform(name: str) -> str:
    """A platform's name as people write it, by the name that it goes by in the code."""
    return sentences.label(publishers.get(name).label)


def situation(delivery: Delivery, now: datetime) -> str:
    """What is going on with it, in one sentence."""
    if delivery.state == State.HELD and delivery.held_reason:
        sentence = LATE_BY_HAND if handing.is_late(delivery, now) else HELD[delivery.held_reason]
        return said(sentence, delivery, time=_hour(delivery.promised_at, now))
    if delivery.state == State.SCHEDULED:
        return _waiting(delivery, now)
    if delivery.state == State.PUBLISHING and handing.is_assisted(delivery.channel):
        return str(BEING_HANDED)
    return said(SITUATION[delivery.state], delivery)


def advice(delivery: Delivery) -> str:
    """What a person can do about it, or an empty text where nothing is asked of them."""
    if delivery.state == State.HELD and delivery.held_reason:
        return said(ADVICE[delivery.held_reason], delivery)
    if delivery.state == State.UNCONFIRMED:
        return _unconfirmed_advice(delivery)
    if delivery.state == State.FAILED:
        return _("An approver can try it again, or it can be canceled. Other channels are not touched.")
    return ""


def verdict(approval: Approval) -> str:
    """One line of the approval history."""
    return str(VERDICTS[approval.verdict]) % {"name": name_of(approval.by)}


def why_missing(value: int | None, is_given: bool, is_read: bool) -> str:
    """Why there is a dash where a number could be; empty for a number."""
    if value is not None:
        return ""
    if not is_given:
        return _("This platform gives no such number.")
    return _("It was not told at this reading.") if is_read else _("Nobody has read it yet.")


def clock(instant: datetime) -> str:
    """The reader's wall time to the millisecond, such as 14:30:00.012."""
    return to_user_timezone(instant).strftime("%H:%M:%S.%f")[:-3]


def _choice(option: Option, value: str) -> str:
    return sentences.label(dict(option.choices).get(value, value))


def name_of(user: User | None) -> str:
    return user.name if user else _("Someone who has left")


def _waiting(delivery: Delivery, now: datetime) -> str:
    rests = delivery.channel.rests_until
    if rests and rests > now and rests >= delivery.due_at:
        return said(PUT_OFF[Outcome.RATE_LIMITED], delivery, time=_at(rests, now))
    why = _last_outcome(delivery)
    if why in PUT_OFF and delivery.due_at > max(now, delivery.promised_at):
        return said(PUT_OFF[why], delivery, time=_at(delivery.due_at, now))
    if delivery.tries and delivery.due_at > now:
        return _(
            "Try %(number)s of %(most)s is at %(time)s.",
            number=delivery.tries + 1,
            most=FULL_TRIES,
            time=clock(delivery.due_at),
        )
    if now - delivery.due_at > UNTAKEN:
        return _("Its time has come and no worker has taken it up yet.")
    if handing.is_assisted(delivery.channel):
        return said(HELD[Hold.HANDOVER], delivery, time=_hour(delivery.due_at, now))
    return said(SITUATION[State.SCHEDULED], delivery)


def _last_outcome(delivery: Delivery) -> Outcome | None:
    """How the last try to publish it ended."""
    outcomes = [attempt.outcome for attempt in delivery.attempts if attempt.step == Step.PUBLISH]
    return outcomes[-1] if outcomes else None


def _at(instant: datetime, now: datetime) -> str:
    return clock(instant) if abs(instant - now) < SAME_DAY else moment(instant)


def _hour(instant: datetime, now: datetime) -> str:
    return str(format_time(instant, "short")) if abs(instant - now) < SAME_DAY else moment(instant)


def _unconfirmed_advice(delivery: Delivery) -> str:
    if not publishers.get(delivery.channel.platform).finds:
        sentence = _l(
            "Nothing lets us look on %(platform)s, and we never send it twice blindly. An approver has to answer."
        )
        return said(sentence, delivery)
    if delivery.look_at:
        return _("We look for it by ourselves and never send it twice. An approver can answer sooner.")
    return _("We looked and could not tell, and never send it twice blindly. An approver has to answer.")


def said(sentence: Any, delivery: Delivery, **values: Any) -> str:
    return str(sentence) % {"platform": platform(delivery.channel), **values}
