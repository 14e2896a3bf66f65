"""How many requests may be sent, and for which some are kept."""

from bot.core.token_bucket import TokenBucket


def take(bucket: TokenBucket, at: float, *, submit: bool = False) -> float:
    """Send a request if one may be sent; the seconds to wait if not."""
    wait_s = bucket.wait_s(at, submit=submit)
    if not wait_s:
        bucket.take(at)
    return wait_s


def test_the_budget_keeps_a_share_for_submits() -> None:
    bucket = TokenBucket(60, at=0.0)
    polls = 0
    while take(bucket, 0.0) == 0:
        polls += 1
    assert 8 <= polls < 15
    assert take(bucket, 0.0, submit=True) == 0
    wait_s = take(bucket, 0.0)
    assert wait_s > 0
    assert take(bucket, wait_s - 0.01) > 0
    assert take(bucket, wait_s) == 0


def test_no_more_than_the_budget_is_ever_sent() -> None:
    bucket = TokenBucket(60, at=0.0)
    sent, at = 0, 0.0
    while at < 600:
        wait_s = take(bucket, at, submit=sent % 2 == 0)
        sent += wait_s == 0
        at += wait_s
    assert sent <= 600 + 15


def test_what_was_sent_unasked_is_owed() -> None:
    bucket = TokenBucket(60, at=0.0)
    for _ in range(25):
        bucket.take(0.0)
    assert bucket.wait_s(0.0, submit=True) == 11


def test_a_closed_budget_opens_with_one_request_and_no_burst() -> None:
    bucket = TokenBucket(60, at=0.0)
    bucket.pause(0.0, 100.0)
    bucket.pause(0.0, 5.0)
    bucket.take(50.0)  # was on its way
    assert bucket.wait_s(99.0, submit=True) == 1
    assert bucket.wait_s(100.0, submit=True) == 1
    assert bucket.wait_s(101.0, submit=True) == 0
