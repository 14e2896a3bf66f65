"""A database's server has saved something, and its answer is lost: it goes on as after a crash."""

from structlog.testing import capture_logs

from bot.alarms import Alarm
from sandbox.clients.transcript import text_of
from tests.bot.databases import only_postgres, url_of
from tests.bot.life.jobs.test_disk import CANNOT_SAVE
from tests.bot.life.operator.test_alarms import errors, over
from tests.bot.life.world import Life
from tests.bot.store.server.test_server import between
from tests.e2e.stage import says

pytestmark = only_postgres


async def test_a_request_that_was_saved_after_all_is_ended_and_costs_nothing(life: Life) -> None:
    async with between(url_of(life.data)) as (url, through):
        await life.start(database_url=url)
        ada = await life.person("ada")
        with capture_logs() as logs:
            through.loses = True
            outcome = await ada.outcome(await life.mimic(ada))
            assert CANNOT_SAVE in text_of(outcome["message"])
            through.loses = False
            await life.reaches("failed", step_s=1.0)
            assert life.money() == []
            await life.mimic(ada)
            await ada.wait_for(says("learning to move"))
        assert errors(logs) == over(logs) == [Alarm.DISK]
        await life.reaches("failed", "delivered", step_s=2.0)
        assert life.money() == ["hold", "capture"]
        assert len(life.provider.accepted) == 1
        await life.stop()
