"""What the provider says of a failure, as a problem with a sentence of its own."""

import pytest

from bot.errors import Problem
from bot.provider.failures import problem_in
from engine.api.faults import FAILURES, Failure

CLASSES: dict[Failure, Problem] = {
    "unknown": Problem.GENERATION_FAILED,
    "no subject": Problem.SUBJECT_NOT_FOUND,
    "no person": Problem.MOTION_NOT_FOUND,
    "moderated": Problem.MODERATED,
    "busy": Problem.PROVIDER_BUSY,
    "parameter": Problem.REQUEST_FAULTY,
}


def read(text: str) -> Problem:
    return problem_in(text, otherwise=Problem.GENERATION_FAILED)


@pytest.mark.parametrize("kind", FAILURES)
def test_what_the_stand_in_says_is_understood(kind: Failure) -> None:
    assert read(FAILURES[kind]) is CLASSES[kind]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("701002", Problem.SUBJECT_NOT_FOUND),
        ("Error code: 701003.", Problem.MOTION_NOT_FOUND),
        ("ErrCode=400013, ErrMsg=invalid", Problem.REQUEST_FAULTY),
        ("(400011) empty", Problem.REQUEST_FAULTY),
        ("code 500044", Problem.PROVIDER_BUSY),
        ("generation ended with status: 7", Problem.MODERATED),
        ("status=8", Problem.GENERATION_FAILED),
        ("status 78", Problem.GENERATION_FAILED),
        ("1701002 frames", Problem.GENERATION_FAILED),
        ("No clear subject", Problem.SUBJECT_NOT_FOUND),
        ("Validation error in image: no face detected", Problem.SUBJECT_NOT_FOUND),
        ("A person could not be found: the photo is too dark", Problem.SUBJECT_NOT_FOUND),
        ("No person was found in the reference video", Problem.MOTION_NOT_FOUND),
        ("Pose missing in motion clip", Problem.MOTION_NOT_FOUND),
        ("no subject in the video", Problem.MOTION_NOT_FOUND),
        ("no person", Problem.GENERATION_FAILED),
        ("no person in the image, or in the video", Problem.GENERATION_FAILED),
        ("Generation failed: two people in the video", Problem.GENERATION_FAILED),
        ("Content blocked by our filters", Problem.MODERATED),
        ("NSFW content detected in the image", Problem.MODERATED),
        ("This violates our content policy", Problem.MODERATED),
        ("The service is overloaded", Problem.PROVIDER_BUSY),
        ("Concurrent limit reached", Problem.PROVIDER_BUSY),
        ("No GPUs are available", Problem.PROVIDER_BUSY),
        ("quality must be one of 360p, 540p, 720p", Problem.REQUEST_FAULTY),
        ("image_url is required", Problem.REQUEST_FAULTY),
        ("video_url cannot be decoded: invalid data", Problem.PROVIDER_REJECTED),
        ("video_url is longer than 30 seconds", Problem.PROVIDER_REJECTED),
        ("Internal error", Problem.GENERATION_FAILED),
        ("", Problem.GENERATION_FAILED),
    ],
)
def test_numbers_come_first_and_then_words(text: str, problem: Problem) -> None:
    assert read(text) is problem


@pytest.mark.parametrize(
    "text",
    [
        "https://cdn.example/1/no-person-in-this-video.mp4 failed",
        "nsfw.png failed",
        "https://cdn.example/701002/too%20many failed",
    ],
)
def test_names_that_people_have_chosen_say_nothing(text: str) -> None:
    assert read(text) is Problem.GENERATION_FAILED
