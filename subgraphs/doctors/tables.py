"""The rows that doctors owns."""

from datetime import datetime

from sqlalchemy import MetaData, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.kernel.columns import ExactText, Instant, PlainText

_registry = registry()
METADATA: MetaData = _registry.metadata


class DoctorsTable(SQLModel, registry=_registry):
    pass


class DepartmentRow(DoctorsTable, table=True):
    """`import_key` names the thing in the system it was imported from; two imported departments may bear one name."""

    __tablename__ = "departments"
    __table_args__ = (UniqueConstraint("import_key"),)

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    name: str = Field(sa_type=PlainText(200))
    sort_name: str = Field(sa_type=ExactText(200), index=True)
    import_key: str | None = Field(default=None, sa_type=ExactText(200))
    created_at: datetime = Field(sa_type=Instant)
