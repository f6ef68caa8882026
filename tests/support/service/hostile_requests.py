"""Signatures that are forged, and bytes that are no HTTP."""

import random

from .served import KEYS, signature


def forged(chance: random.Random, body: bytes, right: str) -> tuple[bytes, list[tuple[str, str]]]:
    """A body and headers that differ from the right ones in one way."""
    bit = chance.randrange(8 * len(body))
    flipped = bytearray(body)
    flipped[bit // 8] ^= 1 << bit % 8
    place = chance.randrange(7, len(right))
    other = chance.choice([it for it in "0123456789abcdef" if it != right[place]])
    typo = right[:place] + other + right[place + 1 :]
    cut = chance.randrange(len(right))
    ways: list[tuple[bytes, list[str]]] = [
        (bytes(flipped), [right]),
        (body, [typo]),
        (body, [right[:cut]]),
        (body, [right + chance.choice("0a =")]),
        (body, [right.upper()]),
        (body, [right[7:]]),
        (body, [chance.choice(["sha1", "sha512"]) + right[6:]]),
        (body, [right, right]),
        (body, [typo, right]),
        (body, [right.replace("=", chance.choice([" = ", ":", "=0x"]))]),
        (body, []),
        (body + b"\n", [right]),
        (body[: -chance.randrange(1, 9)], [right]),
        (body, [signature(body, KEYS["production"][chance.randrange(2)])]),
        (body, [signature(body, "")]),
        (body, [signature(body, KEYS["staging"][0] + " ")]),
    ]
    sent, signatures = chance.choice(ways)
    return sent, [("X-Signature", it) for it in signatures]


RAW = {
    "two lengths": b"POST /releases HTTP/1.1\r\nHost: l\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length and chunks": b"POST /releases HTTP/1.1\r\nHost: l\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
    "a negative length": b"POST /releases HTTP/1.1\r\nHost: l\r\nContent-Length: -1\r\n\r\n{}",
    "a length that is no number": b"POST /releases HTTP/1.1\r\nHost: l\r\nContent-Length: 1e3\r\n\r\n{}",
    "a huge chunk": b"POST /releases HTTP/1.1\r\nHost: l\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    "a chunk that lies": b"POST /releases HTTP/1.1\r\nHost: l\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\n{}xx\r\n0\r\n\r\n",
    "NUL in a header": b"GET /healthz HTTP/1.1\r\nHost: l\r\nX: \x00\r\n\r\n",
    "a folded header": b"GET /healthz HTTP/1.1\r\nHost: l\r\nX: a\r\n b\r\nContent-Length : 3\r\n\r\n",
    "a space in the address": b"GET /healthz /x HTTP/1.1\r\nHost: l\r\n\r\n",
    "no protocol": b"GET /healthz\r\n\r\n",
    "HTTP/9": b"GET /healthz HTTP/9.9\r\nHost: l\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    "a host that is none": b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n",
    "an upgrade": b"GET /healthz HTTP/1.1\r\nHost: l\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "many headers": b"GET /healthz HTTP/1.1\r\nHost: l\r\n" + b"X: y\r\n" * 100_000,
    "a long header": b"GET /healthz HTTP/1.1\r\nHost: l\r\nX: " + b"y" * 5_000_000,
    "a long address": b"GET /" + b"y" * 5_000_000,
}
