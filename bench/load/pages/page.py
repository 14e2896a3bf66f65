"""`docs/performance.md` from what was measured."""

from pathlib import Path
from string import Template
from typing import Any

from bench.load.crowd import CHANNELS, SERVERS
from bench.load.measurements import Measurement, Measurements
from bench.load.pages import processes
from bench.load.pages.goals import goals
from bench.load.pages.parts import MILLION, PROCESSES, kept, renew, table
from bench.load.pages.plots import draw
from bench.load.scenarios import ARRIVALS_PER_S, SIGMA, TYPICAL_RUN_S

TEMPLATE = Path(__file__).with_name("page.md")
COMPARED = "bare discord.py bot"


def write(found: Measurements, folder: Path) -> Path:
    """Write the page and its pictures below this folder; the page's path.

    Of a page that is there, only the parts are renewed that were measured, if no others were.
    """
    path = folder / "performance.md"
    if {one.scenario for one in found.done} != {"processes"} or not path.exists():
        _write_whole(found, path)
    if found.of("processes"):
        processes.keep(found, folder)
        renew(path, PROCESSES, processes.section(found))
    return path


def _write_whole(found: Measurements, path: Path) -> None:
    folder = path.parent
    pictures = draw(found, folder / "pictures")
    links = {name: f"![{text}](pictures/{name})" for name, text in pictures}
    answers = links.pop("performance-answers.png", "")
    facts = found.facts
    text = Template(TEMPLATE.read_text()).substitute(
        kind=_kind(found),
        cores=facts["cores"],
        machine=facts["machine"],
        python=facts["python"],
        goals=table(
            ("goal", "measured", ""), [(g.text, g.measured, g.verdict) for g in goals(found)]
        ),
        channels=CHANNELS,
        servers=SERVERS,
        bursts=_bursts(found),
        haste=_haste(found),
        answers_picture=answers,
        jobs_note=_jobs_note(),
        in_flight=_in_flight(found),
        flight_pictures="\n\n".join(links.values()),
        slopes=_slopes(found),
        starts=_starts(found),
        files="; ".join(f"{name} {kind}, {size:,} bytes" for name, kind, size in facts["files"]),
        limits=", ".join(f"`{name}={value}`" for name, value in facts["limits"].items()),
        typical_s=f"{TYPICAL_RUN_S:g}",
        sigma=SIGMA,
        scales=" and ".join(_run_time(scale) for scale in found.scales()) or "nothing",
        processes=kept(path, PROCESSES),
        million=kept(path, MILLION),
        stand_ins=_stand_ins(found),
    )
    path.write_text(text)


def _kind(found: Measurements) -> str:
    size = "a **small run**, too small for most goals" if found.facts["is_quick"] else "a full run"
    done, planned = len(found.done), found.facts["planned"]
    goes = found.facts["goes"]
    parts = "" if goes == 1 else f", in {goes} goes of the same program"
    cut = "" if done == planned else f" It was stopped after {done} of {planned} measurements."
    return f"It was {size}{parts}.{cut}"


def _jobs_note() -> str:
    return (
        f"Commands come at {ARRIVALS_PER_S:g} a second, and no run ends before all have been\n"
        "submitted, so that all are in flight at once; from then on, or from its own submit, each\n"
        "takes its run time. Where bringing them in takes longer than a run, jobs wait for the\n"
        "last one, and are polled meanwhile. Neighbours go as far as the table says: where a row\n"
        "is missing, the machine was not asked for it."
    )


def _bursts(found: Measurements) -> str:
    rows = [
        (
            f"{m.count:,} in {m.within_s:g} s",
            m.who,
            f"{m.figures['in_time']:,}",
            *_ms(m.figures, "ack"),
            _against(found, m, "ack_p99_ms"),
            f"{m.figures['posted']:,}",
        )
        for m in found.of("burst")
    ]
    head = ("burst", "bot", "within 3 s", "p50", "p99", "max", "p99 to the bare bot's", "posted")
    return table(head, rows)


def _haste(found: Measurements) -> str:
    rows = [
        (f"{m.count:,}", m.who, f"{m.figures['in_time']:,}", *_ms(m.figures, "ack"))
        for m in found.of("haste")
    ]
    return table(("`/credits`", "bot", "within 3 s", "p50", "p99", "max"), rows)


def _in_flight(found: Measurements) -> str:
    costs, news = [], []
    for m in found.of("in flight"):
        figures = m.figures
        first = (f"{m.count:,}", _run_time(m.scale), m.who)
        costs.append(
            (
                *first,
                f"{figures['cpu_ms_a_job']:.0f} ms",
                f"{figures['loop_cpu_ms_a_job']:.0f} ms",
                f"{figures['own_cpu_ms_a_job'] - figures['loop_cpu_ms_a_job']:.0f} ms",
                f"{figures['decoders_cpu_ms_a_job']:.0f} ms",
                _against(found, m, "cpu_ms_a_job"),
                f"{figures['memory_kb_a_job']:.0f} KB",
                f"{figures['peak_mb']:.0f} MB",
                _against(found, m, "peak_mb"),
                f"{figures['filled_s']:.0f} s",
                f"{figures['posted']:,}",
            )
        )
        news.append(
            (
                *first,
                *_ms(figures, "post"),
                f"{figures['polls_a_job']:.1f}",
                f"{figures['delay_s']:.2f} s",
                f"{figures['polls_times_delay_s']:.1f} s",
                _against(found, m, "polls_times_delay_s"),
            )
        )
    head = ("in flight", "runs", "bot")
    ratio = "to the bare bot's"
    of_costs = ("CPU a job", "loop", "threads", "decoders", ratio, "memory a job", "peak", ratio)
    of_news = ("seen → posted p50", "p99", "max", "polls a job", "delay", "polls × delay", ratio)
    return "\n\n".join(
        [
            table((*head, *of_costs, "all submitted after", "posted"), costs),
            table((*head, *of_news), news),
        ]
    )


def _slopes(found: Measurements) -> str:
    rows = []
    for scale in found.scales():
        for who in found.bots:
            counts, slopes = found.slopes(who, scale)
            if counts:
                told = ", ".join(f"{name} {value:.2f}" for name, value in slopes.items())
                span = f"{counts[0]:,} to {counts[-1]:,}"
                rows.append((who, _run_time(scale), span, told))
    return table(("bot", "runs", "in flight", "slopes"), rows)


def _starts(found: Measurements) -> str:
    rows = [
        (
            f"{m.count:,}",
            m.who,
            f"{m.figures['ready_s']:.1f} s",
            f"{m.figures['first_poll_s']:.1f} s",
            f"{m.figures['last_poll_s']:.1f} s",
            f"{m.figures['polled_again']:,}",
        )
        for m in found.of("start")
    ]
    return table(("in flight", "bot", "connected", "first poll", "last", "polled again"), rows)


def _stand_ins(found: Measurements) -> str:
    rows = []
    for m in (one for one in found.done if one.scenario != "processes"):
        taken = m.figures["stand_ins"]
        rows.append(
            (
                f"{m.scenario} of {m.count:,}" + (f" in {m.within_s:g} s" if m.within_s else ""),
                m.who,
                f"{taken['discord_cores']:.2f}",
                f"{taken['provider_cores']:.2f}",
                f"{taken['all_cores']:.2f}" if "all_cores" in taken else "–",
                f"{taken['refused']:,}",
                f"{taken['lag_p99_ms']:.0f} ms",
                f"{taken['lag_max_ms']:.0f} ms",
            )
        )
    return table(
        ("measurement", "bot", "Discord", "provider", "all programs", "429s", "late by p99", "max"),
        rows,
    )


def _run_time(scale: float) -> str:
    return f"× {scale:g} ({TYPICAL_RUN_S * scale:.0f} s)"


def _ms(figures: dict[str, Any], name: str) -> list[str]:
    found = [figures.get(f"{name}_{part}_ms") for part in ("p50", "p99", "max")]
    return ["–" if value is None else f"{value:.0f} ms" for value in found]


def _against(found: Measurements, m: Measurement, name: str) -> str:
    """A figure as a ratio to the bare bot's in the same scenario."""
    bare = found.one(m.scenario, COMPARED, count=m.count, scale=m.scale, within_s=m.within_s)
    if bare is None or m.who == COMPARED or not bare.get(name) or name not in m.figures:
        return "–"
    return f"{m.figures[name] / bare[name]:.2f} ×"
