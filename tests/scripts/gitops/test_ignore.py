"""What Flux takes of a source. The answers are those of its own code, as source-controller 1.9.4 calls it:
`sourceignore.LoadIgnorePatterns` and `storage.SourceIgnoreFilter` of github.com/fluxcd/pkg."""

import pytest

from scripts.gitops.ignore import taken

APPS = ["apps/a.yaml", "apps/orders/b.md", "apps/orders/b.yaml"]
FILES = [".sops.yaml", "a.yaml", *APPS, "docs/a.md", "logo.png"]


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        (None, [".sops.yaml", "logo.png"]),
        ("", [".sops.yaml", "logo.png"]),
        ("# a.yaml\n\n   ", [".sops.yaml", "logo.png"]),
        # Whoever says something says all of it.
        ("other", []),
        ("*.png", ["logo.png"]),
        # Below what is left out something can be taken, other than in git.
        ("/*\n!/apps", [".sops.yaml", "a.yaml", "docs/a.md", "logo.png"]),
        ("/*\n!/apps/orders", [".sops.yaml", "a.yaml", "apps/a.yaml", "docs/a.md", "logo.png"]),
        ("*.md\n!/docs", ["apps/orders/b.md"]),
        ("*.yaml\n!a.yaml\na.yaml", [".sops.yaml", "a.yaml", "apps/a.yaml", "apps/orders/b.yaml"]),
        ("apps/", APPS),
        ("apps/**", APPS),
        ("**/b.*", APPS[1:]),
        ("/apps/*/b.yaml", APPS[2:]),
        ("/apps//a.yaml/", []),
        ("ord**", APPS[1:]),
        ("/ap**/a.yaml", []),
        ("a.yaml  ", ["a.yaml", "apps/a.yaml"]),
        ("a.yaml\r\n", ["a.yaml", "apps/a.yaml"]),
        ("\\a.yaml", ["a.yaml", "apps/a.yaml"]),
        ("[a-b].yaml", ["a.yaml", "apps/a.yaml", "apps/orders/b.yaml"]),
        ("[^b].yaml", ["a.yaml", "apps/a.yaml"]),
        ("[!b].yaml", ["apps/orders/b.yaml"]),
        ("[b-a].yaml\n[", []),
        ("b.y?ml", ["apps/orders/b.yaml"]),
    ],
)
def test_what_is_left_out(text: str | None, left_out: list[str]) -> None:
    said = {} if text is None else {".sourceignore": text.encode()}
    files = dict.fromkeys([*FILES, ".gitignore"], b"") | said
    assert [path for path in FILES if path not in taken(files)] == left_out
    assert ".gitignore" not in taken(files)


def test_each_folder_may_say_it_of_its_own_files() -> None:
    files = dict.fromkeys(FILES, b"")
    below = files | {"apps/.sourceignore": b"/orders/b.yaml\n/a.yaml\n"}
    assert {*below} - {*taken(below)} == {"apps/a.yaml", "apps/orders/b.yaml"}
    both = files | {".sourceignore": b"*.yaml", "apps/.sourceignore": b"!*.yaml\n"}
    assert {*both} - {*taken(both)} == {".sops.yaml", "a.yaml"}
    earlier = {"#apps/a.yaml": b"", "#apps/.sourceignore": b"!*.yaml", ".sourceignore": b"*"}  # by its name
    assert "#apps/a.yaml" in taken(earlier)
