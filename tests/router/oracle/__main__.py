"""`python -m tests.router.oracle --operations 100000 --seed N`: exit status 1 where the router differs.

Without a seed, operations that nobody has asked yet.
"""

import asyncio
import random
import sys
import time
from argparse import ArgumentParser, Namespace
from logging import CRITICAL

import structlog

from tests.router.oracle.composer import Composer
from tests.router.oracle.hunt import Found, as_test, hunt
from tests.router.oracle.shrink import shrink

MOST_SHOWN = 5
EVERY = 1_000


def arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.router.oracle")
    parser.add_argument("--operations", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    return parser.parse_args()


async def main(asked: Namespace) -> int:
    failed, started = 0, time.process_time()
    print(f"--seed {asked.seed}", flush=True)
    with Composer() as composer:
        number = 0
        async for found in hunt(asked.operations, asked.seed, composer):
            number += 1
            if found.differences:
                failed += 1
                if failed <= MOST_SHOWN:
                    print(await _shown(found, composer), flush=True)
            if number % EVERY == 0:
                print(_progress(number, failed, started), flush=True)
        print(_progress(number, failed, started))
    return 1 if failed else 0


async def _shown(found: Found, composer: Composer) -> str:
    small = await shrink(found.failing, composer)
    test = as_test(small, await small.subject.differences(small.operation))
    return f"\n# --seed {found.subject.seed}\n{test}\n"


def _progress(number: int, failed: int, started: float) -> str:
    return f"{number:,} operations, {failed} differ, {time.process_time() - started:.0f} s of processor time"


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(CRITICAL))  # what fails here is to fail
    sys.exit(asyncio.run(main(arguments())))
