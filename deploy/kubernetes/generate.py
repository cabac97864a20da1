"""`python -m deploy.kubernetes.generate [--check]`: writes the manifests, or says which are wrong or not current."""

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from deploy.kubernetes import schemas
from deploy.kubernetes.components import JOBS, ROUTER, SUBGRAPHS, WORKERS
from deploy.kubernetes.network import policies
from deploy.kubernetes.pods import Manifest
from deploy.kubernetes.workloads import answering, configuration, data, job, working

FOLDER = Path(__file__).parent
_KUSTOMIZED = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}


@cache
def files() -> dict[str, str]:
    """Of each, what it must have, by its path below this folder."""
    before = {"configuration": configuration(), "data": data(), "network": policies()}
    before |= {each.name: job(each) for each in JOBS}
    running = {each.name: answering(each) for each in (ROUTER, *SUBGRAPHS)}
    running |= {each.name: working(each) for each in WORKERS}
    return dict(_written("before", before)) | dict(_written("components", running))


def _written(folder: str, manifests: dict[str, list[Manifest]]) -> Iterator[tuple[str, str]]:
    for name, documents in manifests.items():
        yield f"{folder}/{name}.yaml", _text(documents)
    yield f"{folder}/kustomization.yaml", _text([_KUSTOMIZED | {"resources": [f"{name}.yaml" for name in manifests]}])


def _text(documents: list[Manifest]) -> str:
    apart = json.loads(json.dumps(documents))  # what stands twice is written twice, without YAML's aliases
    return f"# Written by deploy/kubernetes/generate.py\n{yaml.dump_all(apart, sort_keys=False, width=120)}"


def problems_of(text: str) -> list[str]:
    documents = [each for each in yaml.load_all(text, yaml.CSafeLoader) if each["kind"] != _KUSTOMIZED["kind"]]
    return [problem for document in documents for problem in schemas.problems_of(document)]


def differing() -> list[str]:
    """Which files are not what they must be, and which should not be there."""
    wanted = files()
    there = {str(path.relative_to(FOLDER)): path.read_text() for path in FOLDER.glob("*/*.yaml")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write() -> None:
    for name in differing():
        (FOLDER / name).unlink(missing_ok=True)
    for name, text in files().items():
        (FOLDER / name).parent.mkdir(exist_ok=True)
        (FOLDER / name).write_text(text)


def main() -> None:
    if "--check" not in sys.argv:
        write()
    texts = {path.name: path.read_text() for path in sorted(FOLDER.rglob("*.yaml"))}
    problems = [f"{name}: {problem}" for name, text in texts.items() for problem in problems_of(text)]
    problems += [f"deploy/kubernetes/{name} is not current: make kubernetes" for name in differing()]
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
