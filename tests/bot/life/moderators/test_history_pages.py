"""`/quota history`: its pages, its filter, its table, and that they stay in their server."""

import csv
from datetime import datetime

from sandbox.clients.person import Json
from sandbox.clients.transcript import buttons_of, text_of
from tests.bot.life.moderators.desk import Desk, asks, copied, desk, labels
from tests.bot.life.moderators.test_moderating import NOT_YOURS, select_of
from tests.bot.life.world import Life

FORMULA = '=HYPERLINK("http://evil.example","free credits")'


async def past(life: Life) -> Desk:
    """Twelve grants to Ben, a video of Eve's, and what else there is to remember."""
    await life.start()
    eve = await life.person("eve")
    await asks(life, eve)
    await life.reaches("delivered", step_s=2.0)
    dana = await desk(life, "dana")
    ben = {"member": str(life.world.users["ben"].id)}
    for number in range(12):
        life.advance(60)
        await dana.says("quota grant", **ben, credits=number + 1, reason=f"gift {number + 1}")
    life.advance(60)
    await dana.confirmed("quota block", **ben, until="1w", reason=FORMULA)
    await dana.says("quota allowance", credits=40)
    return dana


async def test_pages_are_turned_and_filtered(life: Life) -> None:
    dana = await past(life)
    ben, dana_id = life.world.users["ben"].id, life.world.users["dana"].id
    first = await dana.use("quota history")
    lines = text_of(first).split("\n")
    assert lines[0] == "### What happened here · page 1 of 2"
    assert f"<@{dana_id}> changed **Allowance**: the operator’s default → 40 credits" in lines[1]
    assert f"<@{dana_id}> blocked <@{ben}> until <t:" in lines[2]
    assert f"**+12 credits** bonus for <@{ben}> from <@{dana_id}>: gift 12" in lines[3]
    assert len(lines) == 11
    second = await dana.pressed(first, buttons_of(first)["›"])
    lines = text_of(second).split("\n")
    assert lines[0].endswith("page 2 of 2")
    assert "gift 4" in lines[1]
    assert f"**−2 credits** for <@{life.world.users['eve'].id}>’s `" in lines[5]
    back = await dana.pressed(second, buttons_of(second)["‹"])
    assert text_of(back) == text_of(first)
    blocks = await dana.pressed(back, select_of(back), ["blocks"])
    assert len(text_of(blocks).split("\n")) == 2
    videos = await dana.pressed(blocks, select_of(blocks), ["videos"])
    assert len(text_of(videos).split("\n")) == 2
    theirs = await dana.use("quota history", member=str(life.world.users["eve"].id))
    assert text_of(theirs).startswith(
        f"### What happened here with <@{life.world.users['eve'].id}>"
    )
    assert len(text_of(theirs).split("\n")) == 2


async def table(dana: Desk, page: Json) -> list[dict[str, str]]:
    """The rows of the file behind the button."""
    sent = await dana.pressed(page, buttons_of(page)["As CSV"])
    [file] = sent["attachments"]
    assert file["filename"].endswith(".csv")
    text = (await dana.person.download(file["url"])).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


async def test_the_table_has_all_lines_that_the_filter_shows(life: Life) -> None:
    dana = await past(life)
    page = await dana.use("quota history")
    rows = await table(dana, page)
    assert len(rows) == 16
    assert [row["reason"] for row in rows[2:14]] == [f"gift {n}" for n in range(12, 0, -1)]
    allowance, block = rows[:2]
    assert block["reason"] == f"'{FORMULA}"
    assert (block["kind"], block["actor"]) == ("block", f"<@{life.world.users['dana'].id}>")
    assert (allowance["before"], allowance["after"]) == (
        "allowance_credits=none",
        "allowance_credits=40",
    )
    [held] = [row for row in rows if row["kind"] == "hold"]
    assert held["credits"] == "-2"
    assert held["at"].endswith("+00:00")
    began = life.rows("SELECT at FROM entries WHERE kind = 'hold'")[0][0]
    assert abs(datetime.fromisoformat(held["at"]).timestamp() - began) < 1
    given = await dana.pressed(page, select_of(page), ["given"])
    assert {row["kind"] for row in await table(dana, given)} == {"grant"}


async def test_no_page_leads_into_another_server(life: Life) -> None:
    dana = await past(life)
    cleo, ada = await desk(life, "cleo", "lawn"), await desk(life, "ada")
    assert text_of(await cleo.use("quota history")).endswith("Nothing yet.")
    shown = await dana.use("quota history")
    for other, channel in ((cleo, "lawn"), (ada, "general")):
        moved = copied(life, shown, channel)
        for label in labels(moved):
            if label != "‹":
                assert await other.press(moved, label) == NOT_YOURS
        chosen = await other.pressed(moved, select_of(moved), ["given"])
        assert text_of(chosen) == NOT_YOURS
