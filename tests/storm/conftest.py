import pytest

pytest.register_assert_rewrite(
    "tests.e2e.books", "tests.e2e.comparison", "tests.e2e.tellings", "tests.storm.acknowledged", "tests.storm.counted"
)
