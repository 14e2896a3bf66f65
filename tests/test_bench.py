"""What the bench counts with: were it broken, its figures would be wrong and look right."""

import random
from pathlib import Path
from statistics import fmean

import aiohttp
import pytest

from bench.load.measurements import Measurement, Measurements
from bench.load.pages.parts import kept, renew
from bench.load.provider import CONTROL, CannedProvider
from bench.queues import Station, always, exponential, mean_wait_s, passage
from bench.simulate import MOST_USED, Costs, Evening, Part, parts, section

VIDEO = b"one video for all"


async def test_the_canned_provider_runs_a_job_and_tells_who_asked(tmp_path: Path) -> None:
    async with CannedProvider(VIDEO, tmp_path) as server:
        headers = {"x-api-key": server.api_key}
        async with aiohttp.ClientSession(headers=headers) as http:
            await http.post(
                f"{server.files_url}{CONTROL}", json={"median_s": 0, "sigma": 0, "held": False}
            )
            inputs = {"image_url": server.files_url, "video_url": server.files_url}
            submitted = await http.post(f"{server.api_url}/pixverse-mimic", json=inputs)
            answer = await submitted.json()
            await server.workshop.accepted[0].ended.wait()
            status = await (await http.get(answer["status_url"])).json()
            assert status["status"] == "COMPLETED"
            async with http.get(f"{server.files_url}{CONTROL}?full=1") as told:
                records = (await told.json())["records"]
            assert [one["polls"] for one in records] == [1]
            result = await (await http.get(answer["response_url"])).json()
            async with http.get(result["video"]["url"]) as video:
                assert await video.read() == VIDEO


@pytest.mark.parametrize(("servers", "per_s"), [(1, 0.5), (1, 0.8), (3, 2.1), (8, 6.4)])
def test_queues_wait_as_long_as_erlang_says(servers: int, per_s: float) -> None:
    station = Station(servers, exponential(1.0))
    waits = passage([station], per_s, 20_000, random.Random(3))
    expected_s = mean_wait_s(per_s, 1.0, servers)
    assert fmean(wait for [wait] in waits) == pytest.approx(expected_s, rel=0.15)


def test_erlangs_formula_is_that_of_one_server_and_knows_when_the_line_never_ends() -> None:
    assert mean_wait_s(0.5, 1.0, 1) == pytest.approx(0.5 / (1.0 - 0.5))
    assert mean_wait_s(2.0, 1.0, 2) == float("inf")


def test_a_constant_service_halves_the_wait_and_a_tandem_of_queues_adds_up() -> None:
    """Pollaczek and Khinchine, and Burke: what leaves an M/M/1 queue comes at random again."""
    [constant] = zip(
        *passage([Station(1, always(1.0))], 0.7, 20_000, random.Random(4)), strict=True
    )
    assert fmean(constant) == pytest.approx(mean_wait_s(0.7, 1.0, 1) / 2, rel=0.15)
    route = [Station(1, exponential(1.0)), Station(2, exponential(1.0))]
    first, second = zip(*passage(route, 0.7, 20_000, random.Random(5)), strict=True)
    assert fmean(first) == pytest.approx(mean_wait_s(0.7, 1.0, 1), rel=0.15)
    assert fmean(second) == pytest.approx(mean_wait_s(0.7, 1.0, 2), rel=0.15)


def test_a_part_bends_where_so_much_of_it_is_used_and_a_million_get_enough() -> None:
    evening = Evening(around=0.1, asking=0.1, videos=0.36)  # a job a second by a million
    part = Part("workers", takes=70, unit="ms", gives=1000, first=1, pieces="", then="")
    assert evening.jobs_per_s(1_000_000) == pytest.approx(1.0)
    assert part.bends_at(evening) == pytest.approx(MOST_USED * 1_000_000 / 0.07)
    assert [part.needed(evening, members) for members in (1e6, 9e6, 11e6)] == [1, 1, 2]


def test_what_bends_first_stands_first_and_the_part_says_what_it_assumes() -> None:
    costs = Costs(connected=10, workers=40, decoders=40, server=20, writer=20, discord=2, hearing=5)
    found = parts(costs, Evening())
    bends_at = [part.bends_at(Evening()) for part in found]
    assert bends_at == sorted(bends_at)
    assert found[0].name == "slots"
    text = section(costs, Evening(), 10_000)
    assert text.index("the provider's slots") < text.index("the network")
    assert "10,000 members, of whom 1,000 are around" in text
    assert "$" not in text


def test_figures_stand_as_they_were_measured_behind_the_bots_that_were_named() -> None:
    found = Measurements(["one", "two"], {})
    for who in ("two, 1 worker", "two", "one"):
        found.done.append(Measurement("processes", who, 100, 0.15, 0.0, {}))
    assert [each.who for each in found.of("processes")] == ["one", "two", "two, 1 worker"]


def test_one_part_of_a_page_is_renewed_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- some -->\nold\n<!-- end of some -->\nbelow\n")
    renew(page, "some", "new")
    assert page.read_text() == "above\n<!-- some -->\nnew\n<!-- end of some -->\nbelow\n"
    assert kept(page, "some") == "new"
    assert kept(tmp_path / "missing.md", "some") == "Not measured in this run."
