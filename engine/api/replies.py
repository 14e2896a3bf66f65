"""The JSON the provider answers with, made from a job."""

from collections.abc import Mapping
from dataclasses import asdict

from engine.api.faults import Habits
from engine.api.jobs import Job, State


def submit_reply(job: Job, api_url: str) -> dict[str, object]:
    """What an accepted submit returns: the id, and where to ask."""
    return {
        "request_id": job.request_id,
        "status": State.QUEUED.value,
        "poll_url": f"{api_url.removesuffix('/v2')}/v1/requests/{job.request_id}",
        **_links(job, api_url),
    }


def status_reply(job: Job, api_url: str, habits: Habits) -> tuple[int, dict[str, object]]:
    """HTTP status and body of one poll; a failed job is a 422."""
    body = {"status": job.state.value, "request_id": job.request_id, **_links(job, api_url)}
    if job.state is State.FAILED:
        status = int(habits.failed) if habits.failed_word == State.FAILED else 200
        told = {"error": job.error, "metrics": _times(job)}
        return status, {**body, "status": habits.failed_word, **told}
    return 200, {**body, "metrics": _times(job)}


def result_reply(
    job: Job, api_url: str, files_url: str, habits: Habits
) -> tuple[int, dict[str, object]]:
    """HTTP status and body of the result; until a job completed it is that of a poll."""
    if job.state is not State.COMPLETED or job.video_path is None:
        return status_reply(job, api_url, habits)
    url = files_url + job.video_path
    video = {
        "url": url,
        "content_type": "video/mp4",
        "file_name": job.video_path.rpartition("/")[2],
        "file_size": str(job.size_bytes),
    }
    metrics = {
        "cost": job.cost_credits,
        "remaining_credits": job.remaining_credits,
        **_times(job),
        **({"note": job.note} if job.note else {}),
        **({"draft": asdict(job.draft)} if job.draft else {}),
    }
    told: dict[str, tuple[str, Mapping[str, object]]] = {
        "output": (habits.output, {"text": url, "list": [url], "object": {"video_url": url}}),
        "video": (habits.video, {"object": video, "text": url}),
        "metrics": (habits.metrics, {"full": metrics, "empty": {}, "null": None}),
    }
    status = {"status": job.state.value} if habits.final_status else {}
    shaped = {name: shapes[shape] for name, (shape, shapes) in told.items() if shape in shapes}
    return 200, {**status, "request_id": job.request_id, "error": None, **shaped}


def _links(job: Job, api_url: str) -> dict[str, str]:
    url = f"{api_url}/requests/{job.request_id}"
    return {"status_url": f"{url}/status", "response_url": url}


def _times(job: Job) -> dict[str, float]:
    if job.started_at is None or job.ended_at is None:
        return {} if job.progress is None else {"progress": job.progress}
    return {
        "inference_time": round(job.ended_at - job.started_at, 3),
        "queue_time": round(job.started_at - job.submitted_at, 3),
        "total_time": round(job.ended_at - job.submitted_at, 3),
    }
