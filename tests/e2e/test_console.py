"""The operator's commands beside a running bot, each a process of its own."""

import asyncio
import os
import sqlite3
from contextlib import closing

from tests import forked
from tests.e2e.stage import LONG_S, Stage, is_video, says


async def operator(stage: Stage, *arguments: str) -> tuple[int, str]:
    """Run a command with the bot's own settings; its exit code, and all that it said."""
    env = {"PATH": os.environ["PATH"], **stage.cast.bot_env(stage.data)}
    ended = await asyncio.to_thread(forked.run, "bot", *arguments, cwd=stage.folder, env=env)
    return ended.code, ended.out + ended.err


async def test_the_operator_looks_after_a_running_bot(stage: Stage) -> None:
    """A job whose submit was lost is settled on the command line, and the bot goes on with it."""
    await stage.provider("POST", "pause")
    bot = await stage.bot()
    ada = await stage.person("ada")
    await stage.mimic(ada)
    await ada.wait_for(says("learning to move"))
    await bot.kill()
    [(job_id, request_id)] = stage.rows("SELECT job_id, request_id FROM attempts")
    with closing(sqlite3.connect(stage.data / "marionette.db")) as database:
        database.execute("UPDATE jobs SET state = 'review'")
        database.execute("UPDATE attempts SET request_id = NULL")
        database.commit()
    await stage.provider("POST", "resume")
    # The operator can read the history, and the bot cannot: it does not find the run by itself.
    await stage.bot(SEGMIND_HISTORY_URL="http://127.0.0.1:9/nobody")

    code, listed = await operator(stage, "jobs", "list", "--state", "review")
    assert code == 0
    assert job_id in listed
    code, found = await operator(stage, "doctor")
    assert code == 1
    assert f"The provider ran {request_id}" in found
    assert "(jobs resolve)" in found
    code, said = await operator(stage, "doctor", "--repair")
    assert code == 1
    assert "Another bot is running" in said
    resolve = ("jobs", "resolve", job_id, "--outcome", "ran", "--reason", "it is on the bill")
    code, said = await operator(stage, *resolve, "--request-id", "wrong")
    assert (code, stage.states()) == (1, ["review"])
    code, said = await operator(stage, *resolve, "--request-id", request_id)
    assert code == 0, said

    await ada.wait_for(is_video, LONG_S)
    await ada.wait_for(says("[Your video]("))
    assert await stage.accepted() == 1
    assert stage.money() == ["hold", "capture"]
    code, said = await operator(stage, "db", "backup", "copy.db")
    assert code == 0
    code, said = await operator(stage, "doctor")
    assert code == 0, said
    assert "Everything agrees." in said
