"""What a resolver of patients gets as `info.context`: who asks, the use cases, and this request's loaders."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from subgraphs.kernel.principal import Principal
from subgraphs.patients.loaders import Loaders
from subgraphs.patients.service import PatientService


@dataclass
class Context:
    principal: Principal | None
    service: PatientService
    loaders: Loaders


Info: TypeAlias = strawberry.Info[Context, None]
