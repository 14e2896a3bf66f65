"""Each model takes its own fields, refuses those of the others, and bills at its own rate."""

from typing import Any

import pytest

from engine.api.jobs import State
from engine.api.models import MODELS
from tests.engine.customer import Customer

PROMPT = {"prompt": "a person dances"}


def fields(customer: Customer, slug: str, **changes: object) -> dict[str, Any]:
    """What this model wants at least, changed as said."""
    model = MODELS[slug]
    wanted = {model.subject: customer.image_url, model.motion: customer.video_url}
    if "prompt" in model.required:
        wanted |= PROMPT
    return wanted | changes


@pytest.mark.parametrize("slug", MODELS)
async def test_a_video_is_made_and_billed_at_the_models_rate(customer: Customer, slug: str) -> None:
    model = MODELS[slug]
    answer = await customer.submit_to(slug, **fields(customer, slug))
    assert answer.status == 200, answer
    job = customer.server.accepted[-1]
    await job.ended.wait()
    if model.least_s:  # the usual motion is too short for it
        assert (job.state, job.error) == (
            State.FAILED,
            f"Validation error in {slug}: video_url must last from 3 to 30 seconds",
        )
        return
    assert job.state is State.COMPLETED, job.error
    assert job.inputs.quality == model.default_quality
    rate = model.dollars_per_s[model.default_quality]
    assert job.cost_credits == pytest.approx(rate * 0.5)
    rows = (await customer.get(f"{customer.server.history_url}?model_name={slug}")).json["data"]
    assert [row["model_name"] for row in rows] == [slug]
    assert rows[0]["request_body"] == fields(customer, slug)


@pytest.mark.parametrize(
    ("slug", "changes", "named"),
    [
        ("p-video-animate", {"image": None}, "image is required"),
        ("p-video-animate", {"video": None}, "video is required"),
        ("p-video-animate", {"video_url": "http://127.0.0.1/a"}, "video_url is not a parameter"),
        ("p-video-animate", {"resolution": "540p"}, "resolution must be one of 720p, 1080p"),
        ("p-video-animate", {"quality": "720p"}, "quality is not a parameter"),
        ("p-video-animate", {"turbo": 1}, "turbo must be of type bool"),
        ("p-video-animate", {"seed": True}, "seed must be of type int"),
        ("kling-2.6-standard-motion-control", {"prompt": None}, "prompt is required"),
        ("kling-2.6-standard-motion-control", {"prompt": ""}, "prompt is required"),
        ("kling-2.6-standard-motion-control", {"resolution": "720p"}, "not a parameter"),
        (
            "kling-2.6-pro-motion-control",
            {"character_orientation": "back"},
            "character_orientation must be one of video, image",
        ),
        ("wan-animate", {"mode": "animate"}, "mode must be one of replace, animation"),
        ("wan-animate", {"reference_image": "a.jpg"}, "reference_image must be an http"),
        ("scail", {"mode": "animation"}, "mode is not a parameter of scail"),
        ("scail", {"resolution": "540p"}, "resolution must be one of 480p, 576p, 720p"),
    ],
)
async def test_a_field_of_another_model_is_refused_and_named(
    customer: Customer, slug: str, changes: dict[str, object], named: str
) -> None:
    answer = await customer.submit_to(slug, **fields(customer, slug, **changes))
    assert answer.status == 400
    assert named in answer.json["error"]
    assert not customer.server.accepted


def test_a_still_orientation_takes_shorter_motions() -> None:
    kling = MODELS["kling-2.6-pro-motion-control"]
    assert kling.bounds_s({}) == (3.0, 30.0)
    assert kling.bounds_s({"character_orientation": "image"}) == (3.0, 10.0)
