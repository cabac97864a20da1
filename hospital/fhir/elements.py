"""What the resources of FHIR R4 are made of, as far as it is read: what stands beside it is passed over."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, StringConstraints, ValidationError

Text = Annotated[str, StringConstraints(strip_whitespace=True)]
ResourceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]


class Unreadable(Exception):
    """A line that cannot be taken; the text says why, in the words of the export."""


class Identifier(BaseModel):
    system: Text | None = None
    value: Text | None = None


class Reference(BaseModel):
    reference: Text | None = None
    identifier: Identifier | None = None
    display: Text | None = None


class Coding(BaseModel):
    system: Text | None = None
    code: Text | None = None
    display: Text | None = None


class CodeableConcept(BaseModel):
    text: Text | None = None
    coding: list[Coding] = []

    def words(self) -> str | None:
        return self.text or next((coding.display for coding in self.coding if coding.display), None)

    def code(self) -> str | None:
        return next((coding.code for coding in self.coding if coding.code), None)


class Quantity(BaseModel):
    value: float | None = None
    unit: Text | None = None
    code: Text | None = None

    def words(self) -> str | None:
        return None if self.value is None else " ".join(filter(None, (f"{self.value:g}", self.unit or self.code)))


class Annotation(BaseModel):
    text: Text | None = None


class Period(BaseModel):
    start: Text | None = None
    end: Text | None = None


class HumanName(BaseModel):
    use: str | None = None
    text: Text | None = None
    family: Text | None = None
    given: list[Text | None] = []
    prefix: list[Text | None] = []
    suffix: list[Text | None] = []


class ContactPoint(BaseModel):
    system: str | None = None
    value: Text | None = None
    use: str | None = None
    rank: int | None = None


class Address(BaseModel):
    use: str | None = None
    text: Text | None = None
    line: list[Text | None] = []
    city: Text | None = None
    state: Text | None = None
    postal_code: Text | None = Field(default=None, alias="postalCode")
    country: Text | None = None


class Meta(BaseModel):
    last_updated: Text | None = Field(default=None, alias="lastUpdated")


class Resource(BaseModel):
    id: ResourceId
    meta: Meta = Meta()
    identifier: list[Identifier] = []


R = TypeVar("R", bound=Resource)


def read(kind: type[R], content: bytes) -> R:
    """The resource of one line. Raises Unreadable for what is not JSON, or not a resource of that kind."""
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        text = first["msg"][:1].lower() + first["msg"][1:]
        raise Unreadable(f"{where}: {text}" if where else text) from None
