"""The object that a release is written to is the only one of its kind and name in its file."""

import pytest

from scripts.errors import Refused
from scripts.gitops.site import Target

ONE = b"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: orders}\n"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (ONE.replace(b"orders", b"web"), "a.yaml in the GitOps repo holds no HelmRelease called orders."),
        (ONE + b"---\n" + ONE, "a.yaml in the GitOps repo holds 2 HelmRelease called orders."),
    ],
)
def test_none_and_two_are_refused(file: bytes, said: str) -> None:
    with pytest.raises(Refused) as refused:
        Target("a.yaml", "HelmRelease", "orders").value({"a.yaml": file})
    assert refused.value.what == said
    assert "Let it hold exactly one" in refused.value.remedy


def test_the_only_one_is_found() -> None:
    found = Target("a.yaml", "HelmRelease", "orders").value({"a.yaml": ONE + b"---\nkind: ConfigMap\n"})
    assert found["metadata"]["name"] == "orders"
