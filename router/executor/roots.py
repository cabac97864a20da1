"""A fetch of a root type: for the response itself, or for objects within it that lead back to a root."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from router.executor.ask import TOO_DEEP, ask
from router.executor.asked import asked_paths
from router.executor.errors import NoAnswer, entries_of, path_of, raw_entries
from router.executor.locate import located, objects_at
from router.executor.merge import copied, merge, move_back
from router.executor.run import Run
from router.planner.nodes import Fetch

IN_DOUBT = (
    "It is not known whether the change was made. Sent with an idempotencyKey, it may safely be sent again with the"
    " same one; without, look first what has become of it."
)


def in_doubt(why: NoAnswer) -> NoAnswer:
    return replace(why, reason=f"{why.reason} {IN_DOUBT}")


class RootFetch:
    def __init__(self, fetch: Fetch) -> None:
        self.fetch = fetch

    async def __call__(self, run: Run) -> None:
        if await run.load.step(self._is_met, run):
            reply = await ask(run.transport, run.request(self.fetch))
            await run.load.step(self.take, run, reply)

    def _is_met(self, run: Run) -> bool:
        return not self.fetch.at or bool(objects_at(run.data, self.fetch.at))

    def take(self, run: Run, reply: Mapping[str, Any] | NoAnswer) -> None:
        places = list(located(run.data, self.fetch.at))
        try:
            self._take(run, reply, places)
        except RecursionError:
            self._take(run, TOO_DEEP, places)

    def _take(self, run: Run, reply: Mapping[str, Any] | NoAnswer, places: list[Any]) -> None:
        if isinstance(reply, NoAnswer):
            why = in_doubt(reply) if self.fetch.operation == "mutation" else reply
            run.lose(self.fetch.subgraph, why, asked_paths(run, places, self.fetch.fields))
            return
        data = reply.get("data")
        if type(data) is dict:
            move_back(data, self.fetch.moved)
            run.gathered.clear()
            for number, (place, _) in enumerate(places):
                merge(place, copied(data) if number else data)
        self._add_errors(run, reply, places)

    def _add_errors(self, run: Run, reply: Mapping[str, Any], places: list[Any]) -> None:
        paths = [at for _, at in places]
        for raw, error in zip(raw_entries(reply), entries_of(reply, run.shown_extensions), strict=True):
            run.report(error, paths, path_of(raw))
