"""What two processes make for one place."""

from pathlib import Path

import pytest

from bot.media.saving.part import Part


def test_who_stood_still_while_another_took_over_spoils_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "video.mp4"
    still = Part(path)
    still.open()
    still.write(b"half ")
    monkeypatch.setattr("bot.media.saving.part._PROCESS", "another")
    another = Part(path)
    another.open()
    still.write(b"of it")
    another.write(b"who")
    with pytest.raises(FileNotFoundError):
        still.put_in_place(b" more")
    still.drop()
    assert not path.exists()
    another.put_in_place(b"le")
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]
