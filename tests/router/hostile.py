"""What nobody would send who wants an answer. Each is to be refused at once, and to hold up nobody meanwhile."""

import asyncio
import json
import time
from hashlib import sha256
from types import TracebackType
from typing import Any, Self


def doubling(count: int) -> str:
    fragments = (f"fragment F{n} on Patient {{ friends {{ ...F{n + 1} ...F{n + 1} }} }}" for n in range(count))
    return "{ patients { ...F0 } }" + "".join(fragments) + f"fragment F{count} on Patient {{ id }}"


def spreading(count: int) -> str:
    fragments = (f"fragment F{n} on Patient {{ ...F{n + 1} ...F{n + 1} }}" for n in range(count))
    return "{ patients { ...F0 } }" + "".join(fragments) + f"fragment F{count} on Patient {{ id }}"


DOCUMENTS = {
    "25 doubling fragments": doubling(25),
    "25 doubling spreads": spreading(25),
    "a ring of fragments": "{ patients { ...A } } fragment A on Patient { ...B } fragment B on Patient { ...A }",
    "100,000 levels": "{ patients" * 100_000,
    "6,000 levels": "{ patients" * 6_000,
    "900 levels": "{ patients " * 900 + "}" * 900,
    "20,000 aliases": "{" + " ".join(f"a{n}: hello" for n in range(20_000)) + "}",
    "600 aliases": "{" + " ".join(f"a{n}: hello" for n in range(600)) + "}",
    "100,000 directives": "{ hello " + "@a " * 100_000 + "}",
    "900 directives": "{ hello " + "@skip(if: false) " * 300 + "}",
    "a field 1,900 times": "{" + "hello " * 1_900 + "}",
    "5,000 digits": "{ patients(first: " + "9" * 5_000 + ") { id } }",
    "5,000 digits of a float": "{ patients(first: 0." + "9" * 5_000 + ") { id } }",
    "an exponent": "{ patients(first: 1e999999) { id } }",
    "a block string of 60,000 lines": '{ greeting(name: """' + "\n " * 30_000 + '""") nothing }',
    "a block string without an end": '{ greeting(name: """' + "x" * 60_000,
    "20,000 escapes": '{ greeting(name: "' + "\\u00e9" * 10_000 + '") nothing }',
    "half a surrogate": '{ greeting(name: "\\ud800") }',
    "30,000 comments": "{ nothing }" + "#\n" * 30_000,
    "60,000 commas": "{ nothing" + "," * 60_000 + "}",
    "one name of 60,000 characters": "{" + "x" * 60_000 + "}",
    "300 names misspelt": "{" + " ".join(f"{'patient' * 8}{n}" for n in range(300)) + "}",
    "a list of 900 lists": "{ echo(input: " + "[" * 900 + "]" * 900 + ") }",
    "objects 300 deep": "{ echo(input: " + "{nested: " * 300 + "{}" + "}" * 300 + ") nothing }",
    "500 variables": "query(" + " ".join(f"$v{n}: Int" for n in range(490)) + ") { hello }",
    "500 introspections": "{" + "__schema { types { name } }" * 300 + "}",
    "deep introspection": "{ __schema { types { fields { type " + "{ ofType " * 300 + "{ name }" + "}" * 304,
    "a null byte": "{ hello \0 }",
    "a schema": "type Query { hello: String } extend type Query { more: String }",
}


def encoded(document: str, **more: Any) -> bytes:
    return json.dumps({"query": document, **more}).encode()


ECHO = "query($i: EchoInput) { echo(input: $i) }"


def nested(levels: int) -> bytes:
    return b'{"query": "%s", "variables": {"i": %s{}%s}}' % (ECHO.encode(), b'{"nested": ' * levels, b"}" * levels)


BODIES = {
    "nothing": b"",
    "null": b"null",
    "a number": b"1",
    "5,000 digits": b"1" * 5_000,
    "an exponent": b'{"query": "{ hello }", "variables": {"a": 1e999999}}',
    "5,000 digits of a variable": b'{"query": "query($n: Int) { patients(first: $n) { id } }", "variables": {"n": %s}}'
    % (b"9" * 5_000),
    "invalid UTF-8": b'{"query": "{ hello \xff\xfe }"}',
    "half a surrogate": b'{"query": "{ hello \\ud800 }"}',
    "100,000 arrays": b"[" * 100_000,
    "400,000 arrays": b"[" * 400_000 + b"]" * 400_000,
    "arrays 1,000 deep": b"[" * 1_000 + b"]" * 1_000,
    "300,000 values": b'{"query": "{ hello }", "variables": {"a": [' + b"1," * 300_000 + b"1]}}",
    "objects 50 deep": nested(50),
    "a megabyte of objects": nested(70_000),
    "a text of 900,000 characters": encoded(ECHO, variables={"i": {"day": "x" * 900_000}}),
    "an input of 4,000 tags that are no text": encoded(ECHO, variables={"i": {"tags": [1] * 4_000}}),
    "4,000 unknown fields": encoded(ECHO, variables={"i": {f"f{n}": n for n in range(4_000)}}),
    "a hash that is no hash": encoded("", extensions={"persistedQuery": {"version": 1, "sha256Hash": "x" * 100_000}}),
    "a hash of what cannot be parsed": encoded(
        "{", extensions={"persistedQuery": {"version": 1, "sha256Hash": sha256(b"{").hexdigest()}}
    ),
} | {name: encoded(document) for name, document in DOCUMENTS.items()}


class Watch:
    """What a stretch of work cost in CPU seconds, and the longest that it kept others of the loop waiting.

    Threads count as well: one that computes keeps the loop from the interpreter.
    """

    cpu_seconds = 0.0
    longest_seconds = 0.0

    async def __aenter__(self) -> Self:
        self._ticking = asyncio.create_task(self._tick())
        await asyncio.sleep(0)
        self._began = time.process_time()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cpu_seconds = time.process_time() - self._began
        await asyncio.sleep(0)
        self._ticking.cancel()

    async def _tick(self) -> None:
        last = time.process_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.process_time()
            self.longest_seconds, last = max(self.longest_seconds, now - last), now
