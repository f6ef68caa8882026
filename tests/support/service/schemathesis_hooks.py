"""What the description of the API cannot say of the waybills that schemathesis makes by it.

No JSON Schema says that two fields are equal, or that the items of a list differ in one field.
"""

import re
from typing import Any

import schemathesis

from service.domain.forms import is_label

HELD = tuple(map(str, range(3, 31)))
TEXT = re.compile(r'[^\x00-\x1f"\\\x7f-\x9f\u2028\u2029]{1,500}')


@schemathesis.hook
def before_call(_: Any, case: Any, __: Any) -> None:
    """The chart has the name of its service, and each image a name of its own. A wait is held for 2 s at most:
    schemathesis takes an answer after 10 for none."""
    if isinstance(case.body, dict):
        case.body = with_names(case.body)
    if isinstance(case.query, dict) and str(case.query.get("seconds")) in HELD:
        case.query = {**case.query, "seconds": 2}


def with_names(body: dict[str, Any]) -> dict[str, Any]:
    service, chart, images = body.get("service"), body.get("chart"), body.get("images")
    if isinstance(chart, dict) and label(service) and TEXT.fullmatch(str(chart.get("name", ""))):
        body = {**body, "chart": {**chart, "name": service}}
    if isinstance(images, list):
        body = {**body, "images": [renamed(it, number) for number, it in enumerate(images)]}
    return body


def renamed(image: Any, number: int) -> Any:
    if number and isinstance(image, dict) and label(image.get("name")):
        return {**image, "name": f"i{number}-{image['name'][:40]}"}
    return image


def label(it: Any) -> bool:
    return isinstance(it, str) and is_label(it)
