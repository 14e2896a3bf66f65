"""The weights: fetched once, checked, and a sentence when that cannot be done."""

from pathlib import Path

import pytest

from engine.seeing import weights as w


def test_what_set_up_fetched_is_what_it_should_be(weights: Path) -> None:
    assert w.ready(weights) == weights
    assert "Apache License" in (weights / "LICENSE").read_text()
    assert "BlazePose" in (weights / "NOTICE").read_text()


def test_a_missing_and_a_damaged_file_are_named(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(w.WeightsError, match=r"pose_detection\.tflite is missing\. Fetch it with"):
        w.ready(tmp_path)
    for name in ("pose_detection.tflite", "pose_landmark_full.tflite"):
        (tmp_path / name).write_bytes((weights / name).read_bytes())
    w.ready(tmp_path)
    (tmp_path / "pose_landmark_full.tflite").write_bytes(b"no weights")
    with pytest.raises(w.WeightsError, match=r"landmark_full\.tflite is damaged\. Delete it"):
        w.ready(tmp_path)


def test_without_the_package_a_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(w.WeightsError, match=r"could not be fetched from the package mediapipe"):
        w.fetch(tmp_path / "weights")
    assert not (tmp_path / "weights").exists()
