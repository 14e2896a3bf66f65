"""Shares of shards, as they are typed and as they are kept."""

import pytest

from bot.gateway.shares import Share

WRONG = {
    "3-1/4": "ends before it begins: write 1-3/4",
    "0-4/4": "of 4 shards the last is 3, since the first is 0",
    "4/4": "of 4 shards the last is 3",
    "0/0": "is one from 1 to 100000",
    "0/100001": "is one from 1 to 100000",
    **dict.fromkeys(["a/b", "-1/4", "0-/4", "1", "0-3", "", "0/4/4", "٠/٤", " 0/4"], "like 0-3/16"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_share_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=WRONG[text]):
        Share.parse(text)


def test_a_share_is_what_was_typed() -> None:
    some, one = Share.parse("0-3/16"), Share.parse("2/4")
    assert ([*some.ids], [*one.ids]) == ([0, 1, 2, 3], [2])
    assert (str(some), str(one)) == ("0-3/16", "2/4")
    assert not some.is_all
    assert Share.parse("0-3/4") == Share.of_all(4)
    assert Share.of_all(4).is_all


def test_each_server_is_in_one_share_alone() -> None:
    shares = [Share.parse(text) for text in ("0-1/4", "2/4", "3/4")]
    servers = [number << 22 | 5 for number in range(8)]
    found = [[share.covers(server) for share in shares].index(True) for server in servers]
    assert found == [0, 0, 1, 2] * 2
    assert sum(share.covers(server) for share in shares for server in servers) == len(servers)
    assert shares[0].covers(0), "direct messages"
