"""What a chart, a GitOps repo or a commit says stays in its place in the body of a pull request, as a CommonMark parser
reads it: the headings, links, mentions and closing keywords are ours alone, and so is every block."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from scripts.diff.compare import ObjectChange
from scripts.diff.difference import Difference
from scripts.diff.markdown import code
from scripts.diff.words import markdown
from scripts.document import By, Chart, Image, Source, SourceChange, Waybill
from scripts.proposal.body import LIMIT, Section, body, cut, trailer
from scripts.proposal.commits import markdown as list_of
from scripts.source.changes import NewCommits

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
REPOSITORY, COMMIT, DIGEST = "https://example.org/acme/orders", "a" * 40, f"sha256:{'b' * 64}"
RELEASE = Waybill(
    service="orders",
    images=(Image("orders", "ghcr.io/acme/orders", DIGEST, manifests={}, checked=True),),
    source=Source(repository=REPOSITORY, commit=COMMIT, committed_at="2026-01-02T03:04:05Z"),
    chart=Chart(name="orders", version="1.4.2", app_version=""),
    by=By(run="https://ci.example/7"),
)
# As https://docs.github.com/en/get-started/writing-on-github has them, Gitea's are the same, and
# https://docs.gitlab.com/user/markdown/#gitlab-specific-references, https://docs.gitlab.com/user/project/quick_actions/,
# https://docs.gitlab.com/integration/jira/issues/.
MENTION = re.compile(r"(?<![A-Za-z0-9_`/])@[A-Za-z0-9]")
REFERENCE = re.compile(
    r"(?i:#\d|\bgh-\d|!\d|\b(?=[a-z]*\d)[0-9a-f]{7,40}\b|://|\bwww\.)|[%~]\w|[$&]\d|\b[A-Z][A-Z0-9_]+-\d"
)

PIECES = [
    *["\n", "\n\n", "\r", "\u2028", "\x0b", "\x00", "\t", " ", "    ", "`", "```", "~~~", "````diff\n", "<!--", "-->"],
    *["<details>", "</details>", "<script>", "<img src=x onerror=y>", "</pre>", "&#64;ada", "&lt;", "\\", "|", "||"],
    *["@ada", "@acme/platform", "closes #7", "Fixes: acme/x#7", "resolves https://github.com/acme/x/issues/7", "GH-7"],
    *[
        "# fake",
        "\n### production\n",
        "---",
        "===",
        "- ",
        "1. ",
        "> ",
        "[a](https://evil.example)",
        "![a](https://e.e)",
    ],
    *["[a]: https://evil.example\n", "<https://evil.example>", "www.evil.example", "ada@evil.example", "deadbeef1"],
    *["/merge", "\n/close\n", "/assign @ada", "%9.9", '%"next"', "~bug", "$7", "&7", "closes ACME-7"],
    *["Waybill-Release: orders 9.9.9", "\u202e", "\u200b", "*", "_", "**bold**", "orders", "é", "😀", "x" * 90],
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=8).map("".join)
LINES = TEXTS.flatmap(lambda text: st.sampled_from("+- ").map(lambda sign: sign + " ".join(text.splitlines())))


def section(environment: str, text: str, lines: list[str]) -> Section:
    """One environment of which everything is said that somebody else may choose."""
    names = {"version": text, "image": text, "commit": text}
    changes = (
        ObjectChange("changed", text, tuple(lines)),
        ObjectChange("added", f"{text}/{text} in {text}"),
        ObjectChange("version labels", text),
    )
    notes = (f"It could not be rendered: {text}", text)
    commits = NewCommits((SourceChange(COMMIT, text, text), SourceChange(COMMIT, f"{text} {text}")), left_out=3)
    story = list_of(commits, f"since {code(text)}", REPOSITORY)[:-1]
    return Section(environment, names, names, markdown(Difference(environment, changes, notes)), story)


def walk(text: str) -> Iterator[Token]:
    for token in PARSER.parse(text):
        yield token
        yield from token.children or []


def shape(text: str) -> list[str]:
    """The blocks in order, and what in the line is more than text; the whole document but its texts."""
    return [token.type for token in walk(text) if token.type not in ("text", "text_special")]


def spoken(text: str) -> str:
    """What a forge reads mentions and references in: text that is no code."""
    return "\n".join(token.content for token in walk(text) if token.type in ("text", "text_special"))


def whole(environment: str, text: str, lines: list[str]) -> str:
    return body(RELEASE, [section(environment, text, lines)], reason=None, ledger="https://ledger.example")


def commits(text: str) -> list[str]:
    return re.findall(r"\A[0-9a-f]{12,64}\Z", text)


def check(written: str, text: str) -> None:
    """`text`: what somebody else chose. A commit is looked at where it is read: it may name any of the repository."""
    tokens = list(walk(written))
    assert not [token for token in tokens if token.type in ("html_block", "html_inline", "image", "code_block", "hr")]
    assert len([token for token in tokens if token.type == "heading_open"]) == 1
    links = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
    assert set(links) <= {f"{REPOSITORY}/commit/{it}" for it in (COMMIT, *commits(text))}
    said = spoken(written)
    for ours in ("https://ci.example/7", "https://ledger.example/releases/orders/1.4.2"):
        said = said.replace(ours, "")
    assert not [line for line in written.splitlines() if line.startswith("/")]
    assert not MENTION.search(said)
    assert not REFERENCE.search(said.replace(COMMIT[:12], ""))
    assert written.splitlines().count(trailer(RELEASE)) == 1
    assert written.endswith(f"\n\n{trailer(RELEASE)}\n")


@pytest.mark.long
@given(TEXTS, TEXTS, st.lists(LINES, min_size=1, max_size=6))
@example("staging", "x`\n\n<!--", [" a"])
@example("staging\n<!--", "|`a`| @ada", ["+```", "-````"])
@example("staging", "closes #7", [" "])
@example("staging", "deadbeef1" * 2, ["+a"])
def test_everything_but_the_texts_is_the_same_for_every_text(environment: str, text: str, lines: list[str]) -> None:
    written = whole(environment, text, lines)
    check(written, text)
    # A word may be put into code, and a commit is a link.
    free = {"code_inline", *(("link_open", "link_close") if commits(text) else ())}
    plain = [kind for kind in shape(whole("staging", "plain", ["+a"])) if kind not in free]
    assert [kind for kind in shape(written) if kind not in free] == plain
    (fence,) = [token for token in walk(written) if token.type == "fence"]
    assert fence.info == "diff"
    assert len(fence.content.splitlines()) == len(lines)


@pytest.mark.long
@given(TEXTS, st.lists(LINES, min_size=1, max_size=4), st.integers(0, 90))
def test_a_body_that_is_cut_is_as_safe(text: str, lines: list[str], more: int) -> None:
    long = [*lines, *([f"+{'x' * 97}"] * (LIMIT // 99 - 10)), *lines]
    written = cut(whole("staging", text, [*long, *lines * more]), "orders.md")
    assert len(written) <= LIMIT
    check(written, text)
    assert len([token for token in walk(written) if token.type == "fence"]) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The release moves from apps/orders to shop/shop-orders.",) * 2,
        ("Not seen here: values from Secret mine.",) * 2,
        ("give <digest>", "give &lt;digest>"),
        ("`helm template` failed: a_b", "'helm template' failed: `a_b`"),
    ],
)
def test_ordinary_words_stay_as_they_are(text: str, shown: str) -> None:
    assert f"- {shown}\n" in whole("staging", text, ["+a"])


def test_what_cannot_be_seen_is_shown() -> None:
    written = whole("staging", "a\u202eb", ["+c\u202ed"])
    assert "`a\\u202eb`" in written
    assert "+c\\u202ed" in written
