"""The [[image]] blocks of waybill.toml: where values.yaml, and objects outside containers, name an image."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from ..errors import Refused, unknown_key
from ..yaml.document import Path

FORMS = (
    ("repository", "digest"),
    ("repository", "tag"),
    ("repository", "tag", "digest"),
    ("reference",),
    ("post_render",),
)
PATHS = ("registry", "repository", "digest", "tag", "reference")
KEYS = ("name", *PATHS, "post_render", "at")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# No letter of it but the dot means anything in a regular expression, which kustomize takes it for.
RENDERED = re.compile(r"[a-z0-9.-]+(:[0-9]+(?=/))?(/[a-z0-9._-]+)*")
EACH = "*"  # of a path: every item of a list, every value of a mapping


class At(Struct, frozen=True):
    """Where objects of a kind name an image outside containers; `path` may hold EACH."""

    kind: str
    path: Path


class Block(Struct, frozen=True):
    """A place of the image `name`: the paths into values.yaml by key; the keys are one of FORMS, with `registry` beside
    a repository. `post_render` stands for keys, where values.yaml stays as it is: the image as the chart renders it,
    without tag, for which Flux sets the digest. `at` are places outside containers that the render has it at."""

    name: str
    paths: Mapping[str, Path]
    at: tuple[At, ...] = ()
    post_render: str = ""

    @property
    def mapping(self) -> set[Path]:
        """The mappings that hold the keys, or the keys where they lie at the top."""
        return {path[:-1] or path for path in self.paths.values()}


def parse(tables: Mapping[str, Any] | Sequence[Mapping[str, Any]], service: str) -> tuple[Block, ...]:
    """The [image] table of waybill.toml, or its [[image]] tables; a path is dotted (`containers.0.image`: the digits
    index a list) or an array of keys and indexes."""
    if isinstance(tables, Mapping):
        return (_block("[image]", tables, service),)
    if not tables:
        raise Refused(
            "waybill.toml names no image.", "Write an [image] table, or leave `image` out for the default.", fault="you"
        )
    blocks = tuple(_block(f"[[image]] number {number}", table, service) for number, table in enumerate(tables, 1))
    for block in blocks:
        if block.post_render and len({other.name for other in blocks if other.post_render == block.post_render}) > 1:
            raise Refused(
                f"waybill.toml wants two images for the one that the chart renders as {block.post_render}.",
                "Give each a key in values.yaml, or let the chart render them by different names.",
                fault="you",
            )
    return blocks


def names(blocks: Sequence[Block]) -> tuple[str, ...]:
    """Each once, in the order of waybill.toml."""
    return tuple(dict.fromkeys(block.name for block in blocks))


def _block(where: str, table: Mapping[str, Any], service: str) -> Block:
    for key in table:
        if key not in KEYS:
            raise unknown_key(f"{where} of waybill.toml", key, KEYS)
    found = set(table) - {"name", "at"} - ({"registry"} if "repository" in table else set())
    if found not in map(set, FORMS):
        given = ", ".join(key for key in table if key not in ("name", "at")) or "nothing"
        raise Refused(
            f"{where} has {given}, which is none of the forms that Waybill writes.",
            f"Give {', or '.join(' and '.join(form) for form in FORMS)}; beside repository also registry, if the "
            "registry's host has a key of its own.",
            fault="you",
        )
    paths = {key: path_of(f"{key} = {table[key]!r} in {where}", table[key]) for key in table if key in PATHS}
    if len(set(paths.values())) < len(paths):
        raise Refused(f"{where} names one key for both {' and '.join(paths)}.", "Name a key for each.", fault="you")
    return Block(
        _name(where, table.get("name", service)),
        paths,
        _at(where, table.get("at", [])),
        _post_render(where, table.get("post_render")),
    )


def _name(where: str, given: Any) -> str:
    if not isinstance(given, str) or not _NAME.fullmatch(given):
        raise Refused(
            f"`name = {given!r}` in {where} is no name of an image.",
            "Give at most 63 lower case letters, digits and hyphens, with no hyphen at either end.",
            fault="you",
        )
    return given


def _post_render(where: str, given: Any) -> str:
    if given is not None and not (isinstance(given, str) and RENDERED.fullmatch(given)):
        raise Refused(
            f"`post_render = {given!r}` in {where} is no repository of an image.",
            "Give the image as the chart renders it, without tag and digest.",
            fault="you",
        )
    return given or ""


def _at(where: str, given: Any) -> tuple[At, ...]:
    tables = [given] if isinstance(given, dict) else given
    if not isinstance(tables, list) or not all(map(_is_at, tables)):
        raise Refused(
            f"`at = {given!r}` in {where} names no place of an object.",
            'Give `at = {kind = "Workflow", path = "spec.templates.*.container.image"}`, or a list of such tables.',
            fault="you",
        )
    return tuple(At(it["kind"], path_of(f"at.path = {it['path']!r} in {where}", it["path"])) for it in tables)


def _is_at(table: Any) -> bool:
    return isinstance(table, dict) and set(table) == {"kind", "path"} and isinstance(table["kind"], str)


def path_of(what: str, path: Any) -> Path:
    """A path of waybill.toml; `what` names it in a refusal."""
    keys = path
    if isinstance(path, str):
        keys = [int(key) if re.fullmatch("[0-9]+", key) else key for key in path.split(".")]
    if not isinstance(keys, list | tuple) or not keys or not all(type(key) in (str, int) and key != "" for key in keys):
        raise Refused(
            f"{what} is no path.",
            'Write it with dots, as "image.digest", or as an array of keys and indexes.',
            fault="you",
        )
    return tuple(keys)
