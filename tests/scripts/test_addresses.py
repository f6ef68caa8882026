"""One remote has one address in the record, however a clone names it, and no address carries a credential."""

import pytest

from scripts.addresses import commit_page, normalise

ORDERS = "https://github.com/acme/orders"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/acme/orders", ORDERS),
        ("https://github.com/acme/orders.git", ORDERS),
        ("https://github.com/acme/orders/", ORDERS),
        ("https://github.com/acme/orders.git/", ORDERS),
        ("https://GitHub.com/acme/orders", ORDERS),
        ("https://github.com:443/acme/orders", ORDERS),
        ("https://user:token@github.com/acme/orders.git", ORDERS),
        ("https://x-access-token@github.com/acme/orders?ref=main#top", ORDERS),
        ("git@github.com:acme/orders.git", ORDERS),
        ("github.com:acme/orders", ORDERS),
        ("ssh://git@github.com/acme/orders.git", ORDERS),
        ("ssh://git@github.com:22/acme/orders.git", ORDERS),
        ("https://github.com/Acme/Orders.git", ORDERS),
        ("git@github.com:ACME/orders", ORDERS),
        ("ssh://git@ssh.github.com:443/Acme/orders.git", ORDERS),
        ("ssh://git@altssh.gitlab.com:443/Acme/orders.git", "https://gitlab.com/acme/orders"),
        ("https://acme.ghe.com/Acme/Orders", "https://acme.ghe.com/acme/orders"),
        ("https://notgithub.com/Acme/Orders", "https://notgithub.com/Acme/Orders"),
        ("https://git.example.org:8443/acme/Orders", "https://git.example.org:8443/acme/Orders"),
        ("http://127.0.0.1:3000/acme/orders.git", "http://127.0.0.1:3000/acme/orders"),
        ("ssh://git@[2001:db8::1]:22/acme/orders.git", "https://[2001:db8::1]/acme/orders"),
        ("http://[::1]:3000/acme/orders.git", "http://[::1]:3000/acme/orders"),
        ("http://[::1/acme/orders.git", "http://[::1/acme/orders.git"),
        ("https://git.example.org:99999/acme/orders.git", "https://git.example.org:99999/acme/orders.git"),
        ("/srv/git/orders.git", "/srv/git/orders.git"),
    ],
)
def test_one_form(url: str, expected: str) -> None:
    assert normalise(url) == expected
    assert normalise(normalise(url)) == normalise(url)


def test_the_page_of_a_commit_is_where_its_forge_has_it() -> None:
    assert commit_page(ORDERS, "c0ffee") == f"{ORDERS}/commit/c0ffee"
    for host in ("gitlab.com", "gitlab.acme.example:8443"):
        assert commit_page(f"https://{host}/acme/orders", "c0ffee") == f"https://{host}/acme/orders/-/commit/c0ffee"
