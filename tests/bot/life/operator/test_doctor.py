"""The doctor on what a real bot has left: the folder and the provider's bills against the books."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.console.doctor import doctor
from bot.console.usage import parser
from bot.errors import StoreError
from engine.api.jobs import State
from tests.bot.databases import only_sqlite, url_of
from tests.bot.life.jobs.test_doubt import doubt
from tests.bot.life.operator.test_looking_after import free_port
from tests.bot.life.world import Life
from tests.e2e.stage import says


async def deliver(life: Life, jobs: int = 1) -> None:
    """Jobs from their command to their video, and half an hour more."""
    await life.start()
    ada = await life.person("ada")
    for begun in range(1, jobs + 1):
        await life.mimic(ada)
        await life.reaches(*["rendering"] * begun)
    await life.reaches(*["delivered"] * jobs, step_s=1.0)
    await life.stop()
    life.advance(1800)


async def examine(life: Life, *flags: str, **settings: object) -> tuple[str, int]:
    """What `doctor` says, and its exit code."""
    wanted = parser().parse_args(["doctor", *flags])
    return await doctor(wanted, life.settings(**settings), life.clock)


async def test_what_the_bot_leaves_agrees_also_while_it_runs(life: Life) -> None:
    await deliver(life)
    said, code = await examine(life)
    assert code == 0, said
    assert said.startswith("Read 1 jobs, 1 attempts, 2 entries and 1 wallets.")
    assert "(--days)" in said
    assert "1 runs" in said
    second = "A second of PixVerse Mimic 360p has cost 0.090 in the provider's credits, by 1 run; "
    assert f"{second}people pay 0.9 credits." in said
    await life.start()
    ada = await life.person("ada")
    await life.mimic(ada)
    await ada.wait_for(says("learning to move"))
    said, code = await examine(life)
    assert code == 0, said


async def fail_it(life: Life) -> None:
    life.provider.accepted[0].state = State.FAILED


async def forget_it(life: Life) -> None:
    await life.alter("UPDATE attempts SET request_id = '11111111-1111-4111-8111-111111111111'")


async def fail_the_job(life: Life) -> None:
    await life.alter("UPDATE jobs SET state = 'failed'")


async def delete_the_video(life: Life) -> None:
    (life.folder / "data" / "media" / life.job_id() / "video.mp4").unlink()


async def leave_a_folder(life: Life) -> None:
    (life.folder / "data" / "media" / "nobodys").mkdir()


async def lose_a_motion(life: Life) -> None:
    row = ("m1", 5, "Moonwalk", "moonwalk", 2.0, 9, 1, 0.0, "")
    await life.alter(f"INSERT INTO motions VALUES ({', '.join('?' * len(row))})", *row)


CASES: dict[str, tuple[Callable[[Life], Awaitable[None]], str]] = {
    "a library's": (lose_a_motion, "The file motions/5/m1.mp4 is missing"),
    "failed there": (fail_it, "charged 2 credits for the run {run}, which failed"),
    "paid, unknown": (forget_it, "The provider ran {run} and cost 0.18, but no job knows it."),
    "missing there": (forget_it, "no run 11111111-1111-4111-8111-111111111111, which job {job}"),
    "failed here": (fail_the_job, "The run {run} succeeded at the provider, but its job {job}"),
    "no video": (delete_the_video, "Job {job} is delivered, but its video file is missing."),
    "a folder": (leave_a_folder, "The folder media/nobodys belongs to no job"),
}


@pytest.mark.parametrize("case", CASES)
async def test_each_difference_is_found(life: Life, case: str) -> None:
    await deliver(life)
    run = life.provider.accepted[0].request_id
    spoil, words = CASES[case]
    await spoil(life)
    said, code = await examine(life)
    assert words.format(run=run, job=life.job_id()) in said, said
    assert code == 1


async def test_costs_that_differ_are_summed(life: Life) -> None:
    await deliver(life, jobs=2)
    await life.alter("UPDATE attempts SET cost = cost + 0.5 WHERE id = 1")
    await life.alter("UPDATE attempts SET cost = cost - 2 WHERE id = 2")
    said, code = await examine(life)
    assert code == 1
    assert said.count("by the provider's history, and") == 2
    assert "Together these 2 costs differ by +1.50." in said


async def test_only_so_many_days_are_compared(life: Life) -> None:
    await deliver(life)
    await forget_it(life)
    life.advance(3 * 24 * 3600)
    assert (await examine(life, "--days", "2"))[1] == 0
    assert (await examine(life, "--days", "4"))[1] == 1


async def test_a_lost_submit_is_the_bots_until_it_is_in_review(life: Life) -> None:
    await doubt(life, accepted=True)
    run = life.provider.accepted[0].request_id
    said, code = await examine(life)
    assert code == 0, said
    await life.alter("UPDATE jobs SET state = 'review'")
    said, code = await examine(life)
    assert code == 1
    assert f"The provider ran {run}, but job {life.job_id()} in review may take it" in said


async def test_what_could_not_be_read_is_said(life: Life) -> None:
    await deliver(life)
    away = f"http://127.0.0.1:{free_port()}/history"
    said, code = await examine(life, segmind_history_url=away)
    assert "The provider's history could not be read" in said
    assert code == 0
    said, code = await examine(life, segmind_api_key=SecretStr(""), discord_token=SecretStr(""))
    assert "The provider's history was not read" in said
    assert "DISCORD_TOKEN is not set" in said
    assert code == 0


async def test_the_folder_is_looked_at(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    await deliver(life)
    url = url_of(life.data)
    gone = life.folder / "gone"
    said, code = await examine(life, data_dir=gone, database_url=url)
    assert f"DATA_DIR {gone} cannot be written: No such file or directory." in said
    assert code == 1
    monkeypatch.setattr("bot.console.findings.LEAST_FREE_BYTES", 10**18)
    said, code = await examine(life)
    assert "MB free, and one video may need" in said
    assert code == 1


async def test_a_repair_waits_for_the_bot_to_stop(life: Life) -> None:
    await deliver(life)
    await life.alter("UPDATE wallets SET held = 7, granted = 3")
    said, code = await examine(life)
    assert "[--repair mends it]" in said
    assert code == 1
    await life.start()
    with pytest.raises(StoreError, match="Another bot is running"):
        await examine(life, "--repair")
    await life.stop()
    assert life.rows("SELECT held, granted FROM wallets") == [(7, 3)]
    said, code = await examine(life, "--repair")
    assert "Mended (1):" in said
    assert "Everything agrees." in said
    assert code == 0
    assert life.rows("SELECT held, granted FROM wallets") == [(0, 0)]
    [(actor, reason)] = life.rows("SELECT actor_id, reason FROM actions")
    assert actor == 0
    assert reason.startswith("doctor --repair: The wallet of person")


async def test_a_repair_mends_wallets_before_holds(life: Life) -> None:
    """Settling a hold counts on what the wallet says is held."""
    await doubt(life, accepted=True)
    await life.alter("UPDATE jobs SET state = 'failed'")
    await life.alter("UPDATE wallets SET held = 0")
    life.provider.accepted[0].state = State.FAILED
    said, code = await examine(life, "--repair")
    assert "Mended (2):" in said
    assert code == 0, said
    assert life.money() == ["hold", "release"]
    assert life.rows("SELECT held FROM wallets") == [(0,)]


@only_sqlite
async def test_without_a_database_nothing_is_made(tmp_path: Path) -> None:
    async with Life(tmp_path) as life:
        with pytest.raises(StoreError, match="There is no database"):
            await examine(life, "--repair")
        assert not (tmp_path / "data").exists()
