"""Runs the audit against its own subgraphs, by the supergraphs published with it and by those composed here.

`python -m tests.router.audit.run_live --data DIR --url http://127.0.0.1:4200 [--record] [--group NAME]`
"""

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import aiohttp

from router.supergraph import read_supergraph
from tests.router.audit.cases import EXCHANGES, Case, answer, data_folder, passes, read_cases
from tests.router.audit.composing import NARROWED, compose, published
from tests.router.audit.exchanges import LiveTransport, save


def main(arguments: list[str]) -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--url", default="http://127.0.0.1:4200")
    parser.add_argument("--group", help="only this group")
    parser.add_argument("--record", action="store_true", help=f"write the exchanges to {EXCHANGES.name}")
    return asyncio.run(_run(parser.parse_args(arguments)))


async def _run(given: Namespace) -> int:
    cases = [case for case in read_cases(given.data) if given.group in (None, case.group)]
    exchanges: dict[str, object] = {}
    allowed = [case for case in cases if str(case) not in NARROWED]
    rounds = [(cases, published(given.data)), (allowed, compose(given.data))]
    done = [await _round(asked, supergraphs, given.url, exchanges) for asked, supergraphs in rounds]
    if given.record:
        save(EXCHANGES, exchanges)
    return 0 if all(done) else 1


async def _round(cases: list[Case], supergraphs: Mapping[str, str], url: str, exchanges: dict[str, object]) -> bool:
    passed: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    request_id = uuid4().hex
    async with aiohttp.ClientSession() as session:
        for case in cases:
            transport = LiveTransport(session, url, case.group, request_id, exchanges)
            passed[case.group] += await _passes(case, supergraphs[case.group], transport)
            asked[case.group] += transport.requests
    _report(Counter(case.group for case in cases), passed, asked)
    return passed.total() == len(cases)


async def _passes(case: Case, supergraph: str, transport: LiveTransport) -> bool:
    try:
        given = await answer(read_supergraph(supergraph), case.query, transport)
    except Exception as error:
        sys.stdout.write(f"{case}: {type(error).__name__}: {error}\n")
        return False
    if not passes(case, given):
        sys.stdout.write(f"{case}:\n  expected {case.expected}\n  given    {given}\n")
        return False
    return True


def _report(cases: Counter[str], passed: Counter[str], asked: Counter[str]) -> None:
    for group, count in cases.items():
        sys.stdout.write(f"{group:42} {passed[group]:3} of {count:3}, {asked[group]:3} requests\n")
    sys.stdout.write(f"{'all':42} {passed.total():3} of {cases.total():3}, {asked.total():3} requests\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
