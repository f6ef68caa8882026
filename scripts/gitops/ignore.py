"""What Flux leaves out of a source that it fetches: as `.sourceignore` says at any depth, and what it never takes.

https://fluxcd.io/flux/components/source/gitrepositories/#excluding-files. The patterns look like git's and are read by
Flux's own rules, so that git cannot be asked: github.com/fluxcd/pkg, sourceignore/sourceignore.go and
artifact/storage/archive.go; github.com/go-git/go-git, plumbing/format/gitignore/pattern.go.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import PurePosixPath

from msgspec import Struct

FILE = ".sourceignore"
NEVER = b"""\
.git/
.gitignore
.gitmodules
.gitattributes
"""
# Taken where anything else says what is left out.
SELDOM = b"""\
*.jpg
*.jpeg
*.gif
*.png
*.wmv
*.flv
*.tar.gz
*.zip
.github/
.circleci/
.travis.yml
.gitlab-ci.yml
appveyor.yml
.drone.yml
cloudbuild.yaml
codeship-services.yml
codeship-steps.yml
.goreleaser.yml
.sops.yaml
.flux.yaml
"""
# The parts of a pattern for one name, as Go's path/filepath.Match has them.
PARTS = re.compile(r"\*|\?|\[\^?(?:(?:\\.|[^-\]\\])(?:-(?:\\.|[^-\]\\]))?)+\]|\\.|[^*?\[\\]", re.DOTALL)
RANGE = re.compile(r"(\\.|[^-\]\\])(?:-(\\.|[^-\]\\]))?", re.DOTALL)
NOTHING = "(?!)"


class Pattern(Struct, frozen=True, dict=True):
    """Of the files below the folder `top`, `""` or with a slash at its end; with `takes` what it matches is taken after
    all."""

    top: str
    names: tuple[str, ...]
    takes: bool
    of_folders: bool

    def matches(self, path: str) -> bool:
        if not path.startswith(self.top):
            return False
        below = path[len(self.top) :]
        return self._matches_path(below.split("/")) if len(self.names) > 1 else bool(self.name.search(f"/{below}/"))

    @cached_property
    def name(self) -> re.Pattern[str]:
        """Of a single name, at any depth."""
        return re.compile(f"/{_expression(self.names[0])}/" + "[^/]" * self.of_folders)

    def _matches_path(self, path: Sequence[str]) -> bool:
        """It matches all that lies below a folder that it matches."""
        matched = anywhere = False
        for at, pattern in enumerate(self.names):
            if pattern == "":
                anywhere = False
                continue
            if pattern == "**":
                if at == len(self.names) - 1:
                    break
                anywhere = True
                continue
            if "**" in pattern or not path:
                return False
            found = next((it for it, name in enumerate(path if anywhere else path[:1]) if _is(pattern, name)), None)
            if found is None and not anywhere:
                return False
            matched, anywhere = found is not None, False
            path = path[len(path) if found is None else found + 1 :]
        return matched and not (self.of_folders and not path)


def taken(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those of a source that Flux takes."""
    own = sorted((it for it in map(PurePosixPath, files) if it.name == FILE), key=lambda it: it.parts[:-1])
    said = [pattern for it in own for pattern in patterns(files[str(it)], str(it).removesuffix(FILE))]
    every = [*patterns(NEVER), *said]
    left_out = {it for it in files if (is_left_out(it, every) if said else USUAL.search(f"/{it}/"))}
    return {path: data for path, data in files.items() if path not in left_out}


def is_left_out(path: str, every: Sequence[Pattern]) -> bool:
    """The last one that matches decides."""
    found = next((it for it in reversed(every) if it.matches(path)), None)
    return found is not None and not found.takes


def patterns(text: bytes, top: str = "") -> list[Pattern]:
    """What the text says, a pattern a line, of the files below the folder `top`."""
    lines = (line.removesuffix("\r") for line in text.decode(errors="surrogateescape").split("\n"))
    return [_pattern(line, top) for line in lines if line.strip() and not line.startswith("#")]


def _pattern(text: str, top: str) -> Pattern:
    takes = text.startswith("!")
    text = text[takes:]
    text = text if text.endswith("\\ ") else text.rstrip(" ")
    of_folders = text.endswith("/")
    return Pattern(top, tuple(text.removesuffix("/").split("/")), takes, of_folders)


def _is(pattern: str, name: str) -> bool:
    return re.fullmatch(_expression(pattern), name) is not None


@lru_cache(1024)
def _expression(pattern: str) -> str:
    """Of a name in a path; what is no pattern matches nothing."""
    parts = PARTS.findall(pattern)
    return "".join(map(_part, parts)) if "".join(parts) == pattern else NOTHING


def _part(text: str) -> str:
    if text in ("*", "?"):
        return f"[^/]{text.strip('?')}"
    if not text.startswith("["):
        return re.escape(text[-1])
    negated = text.startswith("[^")
    ranges = "|".join(_ranges(text[1 + negated : -1]))
    return f"(?!{ranges})[^/]" if negated else f"(?!/)(?:{ranges})"


def _ranges(text: str) -> Iterator[str]:
    for first, last in RANGE.findall(text):
        low, high = first[-1], (last or first)[-1]
        yield f"[{re.escape(low)}-{re.escape(high)}]" if low <= high else NOTHING


USUAL = re.compile("|".join(it.name.pattern for it in patterns(NEVER + SELDOM)))
