"""Nothing secret in what people read."""

import pytest

from scripts.clients.process import censor


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
        ("https://example.org/a?b=c git@example.org:a/b", "https://example.org/a?b=c git@example.org:a/b"),
    ],
)
def test_credentials_are_taken_out_and_the_rest_stays(said: str, read: str) -> None:
    assert censor(said) == read
