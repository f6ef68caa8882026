"""A program that is started: what it says is shown without secrets, and nobody waits for it without end."""

from pathlib import Path

import pytest

from scripts.clients.process import Dialogue, censor
from scripts.errors import Refused


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("fatal: 'https://ada:s3cret@example.org/a.git'", "fatal: 'https://***@example.org/a.git'"),
        ("https://ada:s3/cr@et@example.org/a and b@c", "https://***@example.org/a and b@c"),
        ("https://t0ken@example.org ssh://git@example.org", "https://***@example.org ssh://***@example.org"),
        ("Authorization: Basic YWRhOnMzY3JldA==", "Authorization: Basic ***"),
        ("bearer abcdefgh.ijkl", "bearer ***"),
        ("oci://127.0.0.1:5000/charts/orders@sha256:abc", "oci://127.0.0.1:5000/charts/orders@sha256:abc"),
        ("oci://a:s3cret@host.io/charts/orders@sha256:abc", "oci://***@host.io/charts/orders@sha256:abc"),
        (r"^https://github\.com/a/b\.yml@refs/heads/main$", r"^https://github\.com/a/b\.yml@refs/heads/main$"),
        ("https://a:s3cret@host.io/b.yml@refs/tags/v1", "https://***@host.io/b.yml@refs/tags/v1"),
        ("https://example.org/a?b=c git@example.org:a/b", "https://example.org/a?b=c git@example.org:a/b"),
    ],
)
def test_credentials_are_taken_out_and_the_rest_stays(said: str, read: str) -> None:
    assert censor(said) == read


def test_a_program_that_stays_open_ends_early_or_says_nothing(tmp_path: Path) -> None:
    def dialogue(*argv: str) -> Dialogue:
        return Dialogue(argv, cwd=tmp_path, env={}, fault="machine", verb="it", timeout=0.2)

    with pytest.raises(Refused, match="`sleep it` did not end within"):
        dialogue("sleep", "60").line()
    with pytest.raises(Refused, match="`sh it` failed: why"):
        dialogue("sh", "-c", "echo why >&2").line()
    ended = dialogue("true")
    ended._process.wait()
    with pytest.raises(Refused, match="`true it` failed"):
        ended.ask(b"?")
