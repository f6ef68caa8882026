"""Whatever a registry answers but 404, what it holds is not known: never "absent", never a guess, soon refused."""

import gzip
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from scripts.clients.http import Patience
from scripts.clients.manifest import CHART_LAYER
from scripts.clients.registry import Registry
from scripts.document import digest_of
from scripts.errors import Refused
from scripts.steps.package import package
from scripts.steps.publish import publish
from tests.support.builders import World
from tests.support.registry_stand_in import (
    Behaviour,
    answering,
    drips,
    hangs_up,
    never_ends,
    says,
    silence,
    speaks_no_http,
)
from tests.support.release import bumped, checkout

SOON = Patience(connect=0.5, read=1, whole=4)
DIGEST, OTHERS = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
OTHER = json.dumps({"schemaVersion": 2, "config": {"digest": DIGEST}, "layers": []}).encode()

ANSWERS: dict[str, tuple[Behaviour, str]] = {
    "401": (says(401), "401"),
    "401 with a login page": (says(401, b"<html>", WWW_Authenticate='Basic realm="x"'), "401"),
    "401 from nowhere": (says(401, WWW_Authenticate='Bearer realm="http://127.0.0.1:1/token"'), "cannot be reached"),
    "401 to plain HTTP elsewhere": (says(401, WWW_Authenticate='Bearer realm="http://example.org/t"'), "not encrypted"),
    "401 with a broken challenge": (says(401, WWW_Authenticate="Bearer"), "no known way"),
    "403": (says(403, b'{"errors": [{"code": "DENIED", "message": "no"}]}'), "403 (DENIED)"),
    "400": (says(400), "400"),
    "429": (says(429, Retry_After="9"), "429"),
    "500": (says(500), "500"),
    "502 of a proxy": (says(502, b"<html>Bad Gateway"), "502"),
    "503": (says(503), "503"),
    "204": (says(204), "204"),
    "redirect": (says(307, Location="/elsewhere"), "307"),
    "redirect to another host": (says(302, Location="http://127.0.0.1:1/v2/"), "302"),
    "garbage": (says(200, b"\x00\xff\x1f\x8b"), "not what a registry says"),
    "a login page": (says(200, b"<html>Sign in"), "not what a registry says"),
    "null": (says(200, b"null"), "not what a registry says"),
    "a list": (says(200, b"[]"), "not what a registry says"),
    "nested deep": (says(200, b"[" * 100_000), "not what a registry says"),
    "an error that is nested deep": (says(500, b'{"errors":' + b"[" * 100_000), "500"),
    "compressed, and never asked to": (
        says(200, gzip.compress(bytes(2**20)), Content_Encoding="gzip"),
        "not what a registry says",
    ),
    "401 with a challenge that is none": (says(401, WWW_Authenticate="Bearer x"), "no known way"),
    "401 to half an address": (says(401, WWW_Authenticate='Bearer realm="http://[::1/"'), "no address"),
    "no HTTP": (speaks_no_http, "as HTTP servers do"),
    "hangs up": (hangs_up, "as HTTP servers do"),
    "silence": (silence, "does not answer in time"),
    "a byte now and then": (drips, "did not finish within 4 s"),
    "no end": (never_ends, "127.0.0.1"),  # too large or too late, by how fast the machine is
}
QUESTIONS: dict[str, Callable[[Registry, str], object]] = {
    "manifest": lambda registry, repository: registry.manifest(repository, "1.2.3"),
    "tags": lambda registry, repository: registry.tags(repository),
    "manifests": lambda registry, repository: registry.manifests(repository, DIGEST),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_is_mistaken_for_absent(answer: str, question: str) -> None:
    behaviour, cause = ANSWERS[answer]
    before = time.monotonic()
    with answering(behaviour) as host, pytest.raises(Refused) as error:
        QUESTIONS[question](Registry(patience=SOON), f"{host}/charts/orders")
    assert time.monotonic() - before < 5 * SOON.whole
    assert cause in error.value.what
    assert host in error.value.what or "127.0.0.1:1" in error.value.what or "example.org" in error.value.what
    assert error.value.remedy
    assert error.value.fault == "registry"


@pytest.mark.parametrize(
    "behaviour",
    [
        says(200, b"{}"),
        says(200, b'{"schemaVersion": 2}'),
        says(200, b'{"schemaVersion": 2, "config": {"digest": "sha256:short"}}'),
        says(200, OTHER, Docker_Content_Digest=DIGEST),
    ],
)
def test_a_manifest_that_is_none_or_another_is_refused(behaviour: Behaviour) -> None:
    with answering(behaviour) as host, pytest.raises(Refused, match="not what a registry says"):
        Registry(patience=SOON).manifest(f"{host}/charts/orders", "1.2.3")
    with answering(says(200, OTHER)) as host, pytest.raises(Refused, match="not what a registry says"):
        Registry(patience=SOON).manifest(f"{host}/charts/orders", DIGEST)
    with answering(says(200, OTHER)) as host, pytest.raises(Refused, match="not what a registry says"):
        Registry(patience=SOON).blob(f"{host}/charts/orders", DIGEST)


@pytest.mark.parametrize(
    "keys",
    [
        f'"layers": [], "Layers": [{{"digest": "{OTHERS}"}}]',
        f'"layers": [], "layers": [{{"digest": "{OTHERS}"}}]',
        f'"LAYERS": [{{"digest": "{OTHERS}"}}]',
        f'"layer\u017f": [{{"digest": "{OTHERS}"}}]',  # Go folds the long s, too
        f'"layers": [{{"digest": "{DIGEST}", "Digest": "{OTHERS}"}}]',
        f'"layers": [{{"digest": "{DIGEST}", "mediatype": "{CHART_LAYER}"}}]',
        '"layers": [], "annotations": {"a": "1", "a": "2"}',
    ],
)
def test_a_manifest_that_helm_reads_otherwise_is_refused(keys: str) -> None:
    """Go's encoding/json, which Helm uses, takes no notice of case, and the last of two keys."""
    body = f'{{"schemaVersion": 2, "config": {{"digest": "{DIGEST}"}}, {keys}}}'.encode()
    with answering(says(200, body)) as host, pytest.raises(Refused, match="can be read in two ways"):
        Registry(patience=SOON).manifest(f"{host}/charts/orders", "1.2.3")


def test_annotations_are_told_apart_by_case() -> None:
    body = f'{{"schemaVersion": 2, "config": {{"digest": "{DIGEST}"}}, "annotations": {{"a": "1", "A": "2"}}}}'.encode()
    with answering(says(200, body)) as host:
        found = Registry(patience=SOON).manifest(f"{host}/charts/orders", "1.2.3")
    assert found
    assert found.annotations == {"a": "1", "A": "2"}


def test_a_config_whose_platform_stands_twice_names_none() -> None:
    config = b'{"os": "linux", "architecture": "amd64", "OS": "windows"}'
    body = json.dumps({"schemaVersion": 2, "config": {"digest": digest_of(config)}, "layers": []}).encode()

    def behave(request: BaseHTTPRequestHandler) -> None:
        says(200, config if "/blobs/" in request.path else body)(request)

    with answering(behave) as host, pytest.raises(Refused, match="names no platform"):
        Registry(patience=SOON).manifests(f"{host}/images/orders", digest_of(body))


def test_a_list_of_tags_that_goes_on_elsewhere_is_not_followed() -> None:
    page = says(200, b'{"tags": ["1.0.0"]}', Link='<http://127.0.0.1:1/v2/x/tags/list>; rel="next"')
    with answering(page) as host, pytest.raises(Refused, match="another host"):
        Registry(patience=SOON).tags(f"{host}/charts/orders")


def pages(*answers: Behaviour) -> Behaviour:
    """The pages of a list, one after another, the last one without end."""
    left = list(answers)

    def behave(request: BaseHTTPRequestHandler) -> None:
        answer = left.pop(0) if len(left) > 1 else left[0]
        answer(request)

    return behave


def page(tag: str, link: str = '</v2/charts/orders/tags/list?last=x>; rel="next"') -> Behaviour:
    return says(200, json.dumps({"tags": [tag]}).encode(), Link=link)


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        (pages(page("1.0.0"), says(404)), "it is absent, and is page 2 of a list that it began"),
        (pages(page("1.0.0"), says(500)), "500"),
        (pages(page("1.0.0"), says(200, b"[]")), "not what a registry says"),
        (page("1.0.0"), "more than 100 pages"),
        (page("1" * 2**21), "16,777,216 bytes"),
        (page("1.0.0", '<http://a:x/>; rel="next"'), "no address"),
        (page("1.0.0", "<//0.0.0.0/x>; rel=next"), "another host"),
    ],
)
def test_a_list_that_is_cut_short_or_has_no_end_is_refused(behaviour: Behaviour, cause: str) -> None:
    with answering(behaviour) as host, pytest.raises(Refused) as error:
        Registry(patience=Patience(whole=60)).tags(f"{host}/charts/orders")
    assert cause in error.value.what
    assert error.value.fault == "registry"


@pytest.mark.parametrize(
    "link",
    [
        "<?last=y>; title=x; rel=next",
        '<?last=y>; title="a, b"; rel="next"',
        '<?last=y>; rel="last next"',
        "<?last=y>; rel = Next",
        '</v2/x>; rel="prev", <?last=y>; rel="next"',
    ],
)
def test_a_list_of_several_pages_is_read_to_its_end(link: str) -> None:
    last = says(200, b'{"tags": ["1.0.2"]}', Link='</v2/x>; rel="prev", </v2/y>; rel=next-archive')
    with answering(pages(page("1.0.0"), page("1.0.1", link), last)) as host:
        assert Registry(patience=SOON).tags(f"{host}/charts/orders") == ["1.0.0", "1.0.1", "1.0.2"]


@pytest.mark.parametrize(
    "where", ["http://a:x/", "http://[::1", "http://0.0.0.0:1/x", "ftp://127.0.0.1/x", "/v2/round"]
)
def test_a_blob_that_moves_to_nowhere_is_refused(where: str) -> None:
    with (
        answering(says(302, Location=where)) as host,
        pytest.raises(Refused, match=r"not what a registry|302|location header") as error,
    ):
        Registry(patience=SOON).blob(f"{host}/charts/orders", DIGEST)
    assert error.value.fault == "registry"


def test_a_registry_that_is_busy_is_asked_again() -> None:
    with answering(pages(says(503, Retry_After="0"), says(200, b'{"tags": ["1.0.0"]}'))) as host:
        assert Registry(patience=SOON).tags(f"{host}/charts/orders") == ["1.0.0"]


def test_a_token_that_no_header_can_hold_is_refused() -> None:
    def behave(request: BaseHTTPRequestHandler) -> None:
        realm = f'Bearer realm="http://{request.headers["Host"]}/token"'
        answer = says(200, b'{"token": "a\\nb"}') if "/token" in request.path else says(401, WWW_Authenticate=realm)
        answer(request)

    with answering(behave) as host, pytest.raises(Refused, match="its token is none"):
        Registry(patience=SOON).tags(f"{host}/charts/orders")


def test_nobody_listens() -> None:
    with pytest.raises(Refused, match="cannot be reached"):
        Registry(patience=SOON).manifest("127.0.0.1:1/charts/orders", "1.2.3")
    with pytest.raises(Refused, match=r"cannot be reached|did not finish"):
        Registry(patience=SOON).manifest("registry.invalid/charts/orders", "1.2.3")


@pytest.mark.parametrize("answer", ["403", "500", "garbage"])
def test_ship_sets_no_tag_while_it_does_not_know_what_is_published(world: World, answer: str) -> None:
    behaviour, cause = ANSWERS[answer]
    with answering(behaviour) as host:
        more = [] if answer == "403" else ["--first-publish"]
        ran = world.waybill("ship", "--image", world.image(), "--registry", f"oci://{host}/charts", *more)
    assert (ran.code, "refused (the registry)" in ran.stderr) == (1, True)
    assert cause in ran.stderr
    assert world.tags() == {}


def refusal(world: World, behaviour: Behaviour) -> Refused:
    """How publish is refused by a registry that behaves so: in under 15 s, and as the registry's fault."""
    made = package(bumped(world, world.image()), checkout(world))
    with answering(behaviour) as host:
        here = checkout(world, registry=f"oci://{host}/charts")
        before = time.monotonic()
        with pytest.raises(Refused) as error:
            publish(made, here)
    assert time.monotonic() - before < 15
    assert error.value.fault == "registry"
    assert error.value.remedy
    return error.value


@pytest.mark.parametrize("answer", ["401", "403", "500", "garbage", "redirect", "silence"])
def test_publish_is_refused_with_the_cause(world: World, answer: str) -> None:
    behaviour, cause = ANSWERS[answer]
    assert cause in refusal(world, behaviour).what


def test_a_registry_that_goes_silent_when_it_is_pushed_to_is_not_waited_for(world: World) -> None:
    said = {
        "GET": says(404),
        "HEAD": says(404),
        "POST": says(202, Location="/v2/orders/blobs/uploads/1"),
        "DELETE": says(204),
    }
    error = refusal(world, lambda request: said.get(request.command, silence)(request))
    assert "`helm push` did not end within 10 s" in error.what


@pytest.mark.parametrize("behaviour", [says(404), says(404, b"<html>Not Found")])
def test_what_has_nothing_and_takes_nothing_is_refused(world: World, behaviour: Behaviour) -> None:
    assert "404" in refusal(world, behaviour).what


def test_a_registry_that_lacks_what_it_names_or_holds_something_else_than_an_image() -> None:
    config = b'{"os": "linux"}'
    manifest = json.dumps({"schemaVersion": 2, "config": {"digest": digest_of(config)}}).encode()

    def no_image(request: BaseHTTPRequestHandler) -> None:
        says(200, manifest if "/manifests/" in request.path else config)(request)

    with answering(no_image) as host, pytest.raises(Refused, match="its config names no platform"):
        Registry().manifests(f"{host}/orders", digest_of(manifest))
    with answering(says(404)) as host, pytest.raises(Refused, match="a manifest names it, and it is not there"):
        Registry().blob(f"{host}/orders", f"sha256:{'a' * 64}")
    with answering(login_page) as host, pytest.raises(Refused, match="/token is not what a registry says"):
        Registry().tags(f"{host}/orders")


def login_page(request: BaseHTTPRequestHandler) -> None:
    token = f'Bearer realm="http://{request.headers["Host"]}/token"'
    answer: Behaviour = says(200, b"<html>") if "/token" in request.path else says(401, WWW_Authenticate=token)
    answer(request)
