"""A part of a film: what of its file has to be decoded for it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from bot.media.facts import Kind, kind_of
from bot.media.video import opened

_KEYFRAMES_UNSURE = frozenset({Kind.AVI, Kind.PROGRAM_STREAM})
"""Their indexes often call everything a keyframe: they are decoded from the beginning."""

_LEAST_S, _SOUND_BEFORE_S = 0.001, 0.5
"""Sound, too, is decoded from a little before: what a decoder hears first is not whole."""


@dataclass(frozen=True, slots=True)
class Part:
    """From `start_s` after the first frame, which is shown at `first_s` of the film's clock, on.

    So many packets of the picture at the beginning need not be decoded: `unneeded`.
    """

    first_s: float
    start_s: float = 0.0
    length_s: float = math.inf
    unneeded: int = 0

    @property
    def begins_at_s(self) -> float:
        """When that is by the film's own clock."""
        return self.first_s + self.start_s

    def needed(
        self, packets: "Iterator[av.Packet[Any]]", picture: int, is_over: Callable[[], bool]
    ) -> "Iterator[av.Packet[Any]]":
        """What has to be decoded, where the picture is the stream of that number."""
        seen = 0
        for packet in packets:
            if packet.pts is None:
                yield packet
            elif packet.stream_index == picture:
                seen += 1
                if seen > self.unneeded and not is_over():
                    yield packet
            elif -_SOUND_BEFORE_S <= _at_s(packet) - self.begins_at_s <= self.length_s:
                yield packet


def part_of(source: Path, first_s: float, start_s: float, length_s: float) -> Part:
    """A part of a film that begins with this frame. Raises as opening the film does."""
    whole = Part(first_s, start_s, length_s)
    if not start_s or kind_of(source) in _KEYFRAMES_UNSURE:
        return whole
    seen = unneeded = 0
    with opened(source) as (container, stream):
        for packet in container.demux(stream):
            if packet.pts is None:
                if packet.dts is not None:  # when it is shown only its decoder knows
                    return whole
                continue
            if packet.is_keyframe and _at_s(packet) <= whole.begins_at_s + _LEAST_S:
                unneeded = seen
            seen += 1
    return Part(first_s, start_s, length_s, unneeded)


def _at_s(packet: "av.Packet[Any]") -> float:
    return float((packet.pts or 0) * (packet.time_base or 0))
