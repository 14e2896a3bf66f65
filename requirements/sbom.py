"""What the bot runs on, for whoever has to know: `python requirements/sbom.py FOLDER`.

Writes `FOLDER/sbom.json` (CycloneDX 1.6), the locked packages with versions, hashes and licences
and the libraries that their wheels bring along, and `FOLDER/licences`, the texts. It reads the lock
and the installed packages, asks no network, and ends with a sentence where a licence is not
permitted. The well-known tools have half of it each: what reads a lock knows no licences, what
reads an environment no hashes.
"""

import json
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

PERMITTED = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MIT-CMU", "PSF-2.0"),
}
"""Of packages: each may be used, changed and passed on with its text, whatever it is a part of."""

_AS_THEY_ARE = dict.fromkeys(("psycopg", "psycopg-binary", "psycopg-pool"), "LGPL-3.0-only")
"""Used unchanged, as packages of their own that anybody can put others in place of: what their
licence asks for is met by that, and it reaches no further than themselves."""

_SPELT = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
}
_ON_OTHER_PYTHONS = {"audioop-lts": "PSF-2.0", "tzdata": "Apache-2.0"}
"""Not installed everywhere, so that its own word cannot be had everywhere."""

_LGPL_GPL = "LGPL-3.0-or-later OR GPL-2.0-or-later"
_BROUGHT_ALONG = {
    "SvtAv1Enc": "BSD-3-Clause-Clear",
    "Xau": "MIT",
    "asound": "LGPL-2.1-or-later",
    "avcodec": "LGPL-3.0-or-later",
    "avdevice": "LGPL-3.0-or-later",
    "avfilter": "LGPL-3.0-or-later",
    "avformat": "LGPL-3.0-or-later",
    "avif": "BSD-2-Clause",
    "avutil": "LGPL-3.0-or-later",
    "brotlicommon": "MIT",
    "com_err": "MIT",
    "brotlidec": "MIT",
    "crypt": "LGPL-2.1-or-later",
    "crypto": "Apache-2.0",
    "dav1d": "BSD-2-Clause",
    "drm": "MIT",
    "de265": "LGPL-3.0-or-later",
    "freetype": "FTL OR GPL-2.0-or-later",
    "gmp": _LGPL_GPL,
    "gssapi_krb5": "MIT",
    "gnutls": "LGPL-2.1-or-later",
    "harfbuzz": "MIT-Modern-Variant",
    "heif": "LGPL-3.0-or-later",
    "hogweed": _LGPL_GPL,
    "jpeg": "IJG AND BSD-3-Clause",
    "k5crypto": "MIT",
    "keyutils": "LGPL-2.1-or-later",
    "krb5": "MIT",
    "krb5support": "MIT",
    "lber": "OLDAP-2.8",
    "lcms2": "MIT",
    "ldap": "OLDAP-2.8",
    "lzma": "0BSD",
    "mp3lame": "LGPL-2.0-or-later",
    "nettle": _LGPL_GPL,
    "opencore-amrnb": "Apache-2.0",
    "opencore-amrwb": "Apache-2.0",
    "openjp2": "BSD-2-Clause",
    "opus": "BSD-3-Clause",
    "png16": "libpng-2.0",
    "pq": "PostgreSQL",
    "sasl2": "BSD-4-Clause-UC",
    "sharpyuv": "BSD-3-Clause",
    "ssl": "Apache-2.0",
    "swresample": "LGPL-3.0-or-later",
    "swscale": "LGPL-3.0-or-later",
    "tiff": "libtiff",
    "unistring": _LGPL_GPL,
    "vpl": "MIT",
    "vpx": "BSD-3-Clause",
    "webp": "BSD-3-Clause",
    "webpdemux": "BSD-3-Clause",
    "webpmux": "BSD-3-Clause",
    "x264": "GPL-2.0-or-later",
    "x265": "GPL-2.0-or-later",
    "xcb": "MIT",
    "xcb-shape": "MIT",
    "xcb-shm": "MIT",
    "xcb-xfixes": "MIT",
    "zstd": "BSD-3-Clause OR GPL-2.0-only",
}
"""What each of the shared libraries in a wheel's `.libs` folder is under, as its project says."""

_LINE = re.compile(r"(?P<name>[a-z0-9.-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+))?")
_LIBRARY = re.compile(r"lib(?P<name>.+)-[0-9a-f]{8}\.so\.(?P<version>[\d.]+)")


@dataclass
class Locked:
    """One package as the lock has it; `needed_by` are the packages that ask for it."""

    name: str
    version: str
    marker: str | None
    hashes: list[str] = field(default_factory=list)
    needed_by: list[str] = field(default_factory=list)

    @property
    def purl(self) -> str:
        """Its name for all tools."""
        return f"pkg:pypi/{self.name}@{self.version}"


def locked(lock: Path) -> list[Locked]:
    """What a lock names, in its order."""
    found: list[Locked] = []
    for line in lock.read_text("utf-8").splitlines():
        if begins := _LINE.match(line):
            marker = begins["marker"]
            found.append(Locked(begins["name"], begins["version"], marker and marker.strip()))
        elif hash_ := re.search(r"--hash=sha256:([0-9a-f]{64})", line):
            found[-1].hashes.append(hash_[1])
        elif (by := re.match(r"\s+#\s+(?:via +)?([a-z0-9.-]+)", line)) and by[1] != "via":
            found[-1].needed_by.append(by[1])
    return found


def is_permitted(expression: str, package: str = "") -> bool:
    """Whether a licence (SPDX) lets us use it: all of what is joined by AND, one of OR."""
    return _AS_THEY_ARE.get(package) == expression or all(
        any(choice in PERMITTED for choice in part.strip("() ").split(" OR "))
        for part in expression.split(" AND ")
    )


def licence(installed: Distribution) -> str:
    """What a package says of itself, as an SPDX expression. Raises `SystemExit` for none."""
    said = installed.metadata
    classifiers = said.get_all("Classifier") or []
    for expression in said.get_all("License-Expression") or []:
        return str(expression)
    words: list[str] = [each.partition("\n")[0] for each in said.get_all("License") or []]
    words += [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ")]
    for word in words:
        if is_permitted(_SPELT.get(word, word)):
            return _SPELT.get(word, word)
    raise SystemExit(f"{said['Name']} does not say its licence in words that are known here.")


def components(packages: list[Locked], texts: Path) -> Iterator[dict[str, Any]]:
    """Each package, with its texts copied. Raises `SystemExit` for a licence not permitted."""
    for package in packages:
        brought: list[dict[str, Any]] = []
        try:
            installed = distribution(package.name)
        except ModuleNotFoundError:
            if package.marker is None:
                raise SystemExit(f"{package.name} is locked and not installed.") from None
            expression = _ON_OTHER_PYTHONS[package.name]
        else:
            if installed.version != package.version:
                raise SystemExit(f"{package.name} is locked as {package.version}: install that.")
            expression = licence(installed)
            copy_texts(installed, texts / package.name)
            brought = list(libraries(installed, package))
        if not is_permitted(expression, package.name):
            raise SystemExit(f"{package.name} is under {expression}, which is not permitted here.")
        described: dict[str, Any] = {
            "type": "library",
            "bom-ref": package.purl,
            "name": package.name,
            "version": package.version,
            "hashes": [{"alg": "SHA-256", "content": each} for each in package.hashes],
            "licenses": [{"expression": expression}],
            "purl": package.purl,
        }
        if package.marker:
            described["properties"] = [{"name": "python:marker", "value": package.marker}]
        if brought:
            described["components"] = brought
        yield described


def copy_texts(installed: Distribution, to: Path) -> None:
    """The texts that a package brings. Raises `SystemExit` for one without."""
    names = re.compile(r"(.*/)?(LICEN[CS]E|NOTICE|COPYING|AUTHORS)[^/]*", re.IGNORECASE)
    files = [file for file in installed.files or [] if file.parts[0].endswith(".dist-info")]
    texts = [file for file in files if names.fullmatch(str(file)) and file.suffix != ".py"]
    if not texts:
        raise SystemExit(f"{installed.metadata['Name']} brings no text of its licence.")
    to.mkdir(parents=True)
    for text in texts:
        parts = [part for part in text.parts[1:] if part != "licenses"]
        shutil.copyfile(Path(str(text.locate())), to / "-".join(parts))


def libraries(installed: Distribution, package: Locked) -> Iterator[dict[str, Any]]:
    """The shared libraries of others that lie in a package's wheel."""
    for file in sorted(installed.files or [], key=str):
        if file.parts[0].endswith(".libs") and (found := _LIBRARY.fullmatch(file.name)):
            under = _BROUGHT_ALONG.get(found["name"])
            yield {
                "type": "library",
                "bom-ref": f"{package.purl}#lib{found['name']}@{found['version']}",
                "name": f"lib{found['name']}",
                "version": found["version"],
            } | ({"licenses": [{"expression": under}]} if under else {})


def bill(packages: list[Locked], texts: Path) -> dict[str, Any]:
    """The whole document; the same for the same lock on the same machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    own = f"pkg:generic/{project['name']}@{project['version']}"
    needs: dict[str, list[str]] = {own: [], **{package.purl: [] for package in packages}}
    purls = {package.name: package.purl for package in packages} | {project["name"]: own}
    for package in packages:
        for name in package.needed_by:
            needs[purls[name]].append(package.purl)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"expression": project["license"]}],
            }
        },
        "components": list(components(packages, texts)),
        "dependencies": [{"ref": ref, "dependsOn": on} for ref, on in needs.items()],
    }


def main() -> None:
    """Write both into the folder that is named."""
    folder = Path(sys.argv[1])
    texts = folder / "licences"
    shutil.rmtree(texts, ignore_errors=True)
    (texts / "marionette").mkdir(parents=True)
    for name in ("LICENSE", "NOTICE"):
        shutil.copyfile(ROOT / name, texts / "marionette" / name)
    packages = locked(ROOT / "requirements" / "run.txt")
    document = json.dumps(bill(packages, texts), indent=2)
    (folder / "sbom.json").write_text(f"{document}\n", "utf-8")
    sys.stdout.write(f"{folder}/sbom.json names {len(packages)} packages; texts: {texts}\n")


if __name__ == "__main__":
    main()
