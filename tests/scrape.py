"""What a scrape of Prometheus says."""

from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True)
class Scrape:
    """By the name of the sample and its labels."""

    values: dict[tuple[str, frozenset[tuple[str, str]]], float]
    helped: dict[str, str]

    @classmethod
    def of(cls, text: str) -> "Scrape":
        families = list(text_string_to_metric_families(text))
        values = {
            (each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples
        }
        return cls(values, {family.name: family.documentation for family in families})

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of what has these labels; 0 where nothing has."""
        wanted = labels.items()
        return sum(value for (each, known), value in self.values.items() if each == name and wanted <= known)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.values}
