"""Messages between the grader's own processes: a few words as JSON, and bytes, each with its length before it.

Read with nothing kept back, so that a process and the children it has forked can take turns on one pipe.
"""

import json
import os
import struct
from typing import Any

_HEAD = struct.Struct("<II")


def message(body: bytes = b"", **about: Any) -> bytes:
    """One message as it is written."""
    words = json.dumps(about).encode()
    return _HEAD.pack(len(words), len(body)) + words + body


def send(pipe: int, body: bytes = b"", **about: Any) -> None:
    """Write one message, and wait until all of it is written."""
    content = memoryview(message(body, **about))
    while content:
        content = content[os.write(pipe, content) :]


def receive(pipe: int) -> tuple[dict[str, Any], bytes] | None:
    """Wait for the next message; None at the end."""
    try:
        words, body = _HEAD.unpack(_exactly(pipe, _HEAD.size))
        return json.loads(_exactly(pipe, words)), _exactly(pipe, body)
    except EOFError:
        return None


def _exactly(pipe: int, count: int) -> bytes:
    parts = []
    while count:
        part = os.read(pipe, min(count, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
