"""Every table, a file for each aggregate."""

from calendar_app.models.approval import Approval, Verdict
from calendar_app.models.asset import Asset, Rendition, RenditionState
from calendar_app.models.beat import Beat
from calendar_app.models.channel import AudienceSnapshot, Channel, ChannelState, PlatformApp
from calendar_app.models.delivery import Attempt, Delivery, Hold, Outcome, Snapshot, State, Step
from calendar_app.models.following import FollowState, FollowUp
from calendar_app.models.post import Attachment, Post, Stage, Variant
from calendar_app.models.user import Membership, Role, User
from calendar_app.models.workspace import Label, Workspace

__all__ = [
    "Approval",
    "Asset",
    "Attachment",
    "Attempt",
    "AudienceSnapshot",
    "Beat",
    "Channel",
    "ChannelState",
    "Delivery",
    "FollowState",
    "FollowUp",
    "Hold",
    "Label",
    "Membership",
    "Outcome",
    "PlatformApp",
    "Post",
    "Rendition",
    "RenditionState",
    "Role",
    "Snapshot",
    "Stage",
    "State",
    "Step",
    "User",
    "Variant",
    "Verdict",
    "Workspace",
]
