"""The forms of a waybill's fields.

Texts are bounded and hold no control characters, quotes or backslashes, so that both databases, pages and terminals
keep them alike; what people wrote, `Words`, is any text, in which control characters became spaces.
"""

import re
from typing import Annotated

from msgspec import Meta

from .event import DIGEST

# Python's `$` matches before a last line feed too, JSON Schema's does not: the look-ahead makes them agree.
END = "$(?!\n)"
LABEL = rf"^[a-z0-9]([a-z0-9-]*[a-z0-9])?{END}"
NUMBER = "(0|[1-9][0-9]*)"
PRE = r"(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
LINE = r'[^\x00-\x1f"\\\x7f-\x9f\u2028\u2029]'
# What ends a line or steers a terminal, and halves of characters, which no encoding has.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# What orders or hides text, and could so make it say something else: Unicode's categories Cc and Cf, but for the two
# joiners that languages and emoji need.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001-\U000e007f]"
)

Label = Annotated[str, Meta(pattern=LABEL, max_length=53, description="An RFC 1123 label.")]
EnvironmentName = Annotated[str, Meta(pattern=LABEL, max_length=63, description="An RFC 1123 label.")]
Version = Annotated[
    str,
    Meta(
        pattern=rf"^{NUMBER}\.{NUMBER}\.{NUMBER}(-{PRE}(\.{PRE})*)?{END}",
        max_length=128,
        description="SemVer 2.0.0 without build metadata.",
    ),
]
Digest = Annotated[str, Meta(pattern=rf"^{DIGEST.pattern}{END}")]
Commit = Annotated[str, Meta(pattern=rf"^[a-f0-9]{{40}}{END}")]
Time = Annotated[
    str,
    Meta(
        pattern=r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}(\.[0-9]{1,6})?"
        rf"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]){END}",
        description="RFC 3339.",
        extra_json_schema={"format": "date-time"},
    ),
]
Text = Annotated[str, Meta(pattern=rf"^{LINE}+{END}", max_length=500)]
MaybeEmpty = Annotated[str, Meta(pattern=rf"^{LINE}*{END}", max_length=500)]
Words = Annotated[str, Meta(max_length=200, description="Any text; control characters become spaces.")]
Page = Annotated[str, Meta(pattern=rf"^https?://[!#-;=?-\[\]_a-z~]+{END}", max_length=500)]
Platform = Annotated[
    str,
    Meta(
        pattern=rf"^[a-z0-9]+(\([A-Za-z0-9_.-]+\))?/[a-z0-9_]+(/[a-z0-9]+)?(#[1-9][0-9]?)?{END}",
        max_length=64,
    ),
]
PlaceName = Annotated[
    str,
    Meta(
        pattern=rf"^[a-z0-9]([a-z0-9-]*[a-z0-9])?/[a-z0-9]([a-z0-9.-]*[a-z0-9])?{END}",
        max_length=317,
        description="namespace/name",
    ),
]
Count = Annotated[int, Meta(ge=0)]


def is_label(name: str) -> bool:
    return len(name) <= 53 and re.search(LABEL, name) is not None
