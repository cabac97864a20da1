"""`python -m subgraphs.records.codes.make` writes the codes of ICD-10-CM into the file that they are looked up in.

For set-up alone: the library that has them takes two seconds and 175 MB to import.
"""

from pathlib import Path

import simple_icd_10_cm as icd10cm

from subgraphs.records.codes import FILE


def write(path: Path) -> None:
    """Only codes that may be used: a category that is divided further is none."""
    used = {
        code: " ".join(icd10cm.get_description(code).split())
        for code in icd10cm.get_all_codes()
        if icd10cm.is_leaf(code)
    }
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text("".join(f"{code}\t{display}\n" for code, display in sorted(used.items())), "utf-8")
    unfinished.replace(path)


if __name__ == "__main__":
    write(FILE)
