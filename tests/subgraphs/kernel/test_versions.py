import pytest

from subgraphs.kernel.errors import VersionConflict
from subgraphs.kernel.versions import check_version


def test_another_version_than_the_expected_one_is_a_conflict_and_none_expects_nothing():
    check_version(2, None)
    check_version(2, 2)
    for expected in (0, 1, 3):
        with pytest.raises(VersionConflict, match="at version 2 now"):
            check_version(2, expected)
