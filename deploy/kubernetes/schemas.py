"""What the schemas of Kubernetes refuse, fields that they do not know among it."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

_OLDEST = "1.30.0"
"""The oldest Kubernetes that the manifests are for."""

_SCHEMAS = files("kubernetes_validate") / f"kubernetes-json-schema/v{_OLDEST}-local-strict"


def problems_of(document: dict[str, Any]) -> list[str]:
    """In words; none where it is right."""
    named = f"{document.get('kind')} {document.get('metadata', {}).get('name')}"
    validator = _validator(str(document.get("kind")), str(document.get("apiVersion")))
    if validator is None:
        return [f"{named}: {document.get('apiVersion')} has no such kind"]
    errors = validator.iter_errors(document)
    return [f"{named}: {'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


@cache
def _validator(kind: str, api: str) -> Draft202012Validator | None:
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api)  # networking.k8s.io/v1 is in networking-v1
    file = _SCHEMAS / f"{kind.lower()}-{group}.json"
    if not file.is_file():
        return None
    schema = json.loads(file.read_text())
    return Draft202012Validator(schema, registry=Resource.from_contents(schema) @ _definitions())


@cache
def _definitions() -> Registry[Any]:
    found = Resource.from_contents(json.loads((_SCHEMAS / "_definitions.json").read_text()))
    return found @ Registry()
