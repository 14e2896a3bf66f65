"""Which failures of a run are followed by another one, and how often."""

import pytest

from bot.core.queue import may_retry
from bot.errors import Problem

BUSY, UNKNOWN = Problem.PROVIDER_BUSY, Problem.GENERATION_FAILED


@pytest.mark.parametrize(
    ("failures", "runs"),
    [
        ([BUSY] * 5, 3),
        ([UNKNOWN] * 5, 2),
        ([BUSY, UNKNOWN, BUSY], 3),
        ([UNKNOWN, BUSY, UNKNOWN], 3),
        ([BUSY, UNKNOWN, UNKNOWN], 3),
        ([Problem.MODERATED], 1),
        ([Problem.SUBJECT_NOT_FOUND], 1),
        ([Problem.REQUEST_FAULTY], 1),
        ([BUSY, Problem.MOTION_NOT_FOUND], 2),
    ],
)
def test_so_many_runs_at_most(failures: list[Problem], runs: int) -> None:
    made, earlier = 1, None
    for problem in failures:
        if not may_retry(problem, earlier, retries=made - 1):
            break
        made, earlier = made + 1, problem
    assert made == runs
