"""Whether the post of a finished video pings its requester, or a direct message does in its place.

That is settled before the post is first tried, and stays with the job: never both, never neither.
"""

from typing import Any

from sqlalchemy import Connection

from bot.core.jobs import Delivered, Job, JobState, goes_unseen
from bot.store.people.preferences import note_closed, read_preferences


def on_post(connection: Connection, job: Job, channel_id: int, at: float) -> dict[str, Any]:
    """What changes of a job whose end is first tried to be told in this channel."""
    is_post = job.state is JobState.DELIVERING and channel_id == job.channel_id
    if not is_post or job.is_shown_directly or job.announced is not None:
        return {}
    is_quiet = read_preferences(connection, job.person_id).tells_directly(at)
    return {"announced": False} if is_quiet else {}


def on_delivery(connection: Connection, job: Job, how: Delivered, at: float) -> dict[str, Any]:
    """What changes of a job whose video stands: an edit of the reply has pinged nobody."""
    if how is Delivered.CHANNEL:
        return {}
    told: dict[str, Any] = {"announced": None}
    if how is Delivered.REPLY:
        is_owed = goes_unseen(job, at) or (
            not job.is_direct and read_preferences(connection, job.person_id).tells_directly(at)
        )
        told["delivery_channel_id"] = None if is_owed else job.channel_id
    return told


def on_announcement(connection: Connection, job: Job, how: Delivered) -> dict[str, Any]:
    """What changes of one whose requester was told where its video stands, if they could be."""
    if how is not Delivered.DIRECT and job.delivery_tried_at is not None:
        note_closed(connection, job.person_id, job.delivery_tried_at)
    is_quiet = {"announced": True} if job.announced is False else {}
    return is_quiet | {"delivery_channel_id": job.channel_id}
