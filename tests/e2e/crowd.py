"""Many people at once: patients who are here without having signed up one by one, with tokens by accounts' own key."""

import time
from datetime import date
from itertools import count
from typing import Any

from subgraphs.kernel.ids import new_id
from subgraphs.patients.service.importing import ImportedPatient
from tests.e2e.hospital import ISSUER, Hospital, Person

_numbers = count(1)


async def token(hospital: Hospital, role: str, *, seconds: int = 600, **claims: Any) -> str:
    """An Authorization header that accounts could have given; it ends in so many seconds from now."""
    signer = await hospital.domains.accounts.service.keys.signer()
    now = int(time.time())
    known = {"iss": ISSUER, "aud": "hospital", "sub": new_id(), "role": role, "name": "crowd@hospital.test"}
    return "Bearer " + signer.access_token({**known, "iat": now, "exp": now + seconds, **claims})


async def crowd(hospital: Hospital, size: int) -> list[Person]:
    """Patients without a login of their own, each with a token of theirs; they are known everywhere."""
    batch = [ImportedPatient(f"crowd:{next(_numbers)}", "Huzaifa", date(1990, 1, 1)) for _ in range(size)]
    imported = await hospital.domains.patients.service.import_patients(batch)
    await hospital.settled()
    return [Person(id, "", await token(hospital, "PATIENT", patient_id=id)) for id in imported.ids.values()]
