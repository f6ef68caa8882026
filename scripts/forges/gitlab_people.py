"""Who of a GitLab is meant by the names of reviewers: https://docs.gitlab.com/api/users/, /api/group_members/."""

from urllib.parse import quote

from msgspec import Struct

from . import Attributes
from .rest import Rest


class Person(Struct):
    id: int
    username: str
    state: str = "active"


def people(forge: Rest, wanted: Attributes) -> list[int]:
    """The numbers of the reviewers, of a group those of its own members; refused where there is no such name."""
    found: dict[str, list[Person]] = {}
    for name in wanted.reviewers:
        if "/" in name:
            url = f"{forge.api}/groups/{quote(name, safe='')}/members"
            found[name] = [it for it in forge.walk("", {}, Person, url=url, absent=(404,)) if it.state == "active"]
        else:
            answer = forge.call("GET", "", query={"username": name}, url=f"{forge.api}/users")
            found[name] = forge.decode(answer, list[Person])
    if unknown := [name for name, persons in found.items() if not persons]:
        raise forge.no_reviewer(unknown)
    return list(dict.fromkeys(person.id for persons in found.values() for person in persons))
