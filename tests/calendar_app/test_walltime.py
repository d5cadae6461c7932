"""A wall time means one instant, or the person is asked."""

from datetime import UTC, datetime

import pytest

from calendar_app.walltime import RepeatedTime, SkippedTime, resolve, to_wall

NEW_YORK = "America/New_York"


def test_a_wall_time_is_kept_through_its_zone() -> None:
    instant = resolve(datetime(2030, 3, 4, 9, 30), "Asia/Hong_Kong")
    assert instant == datetime(2030, 3, 4, 1, 30, tzinfo=UTC)
    assert to_wall(instant, "Asia/Hong_Kong") == datetime(2030, 3, 4, 9, 30)


def test_a_time_that_does_not_exist_is_refused_with_the_nearest_that_do() -> None:
    with pytest.raises(SkippedTime) as refused:
        resolve(datetime(2026, 3, 8, 2, 30), NEW_YORK)
    assert refused.value.earlier == datetime(2026, 3, 8, 1, 59)
    assert refused.value.later == datetime(2026, 3, 8, 3, 0)


def test_a_time_that_exists_twice_is_asked_about() -> None:
    with pytest.raises(RepeatedTime) as asked:
        resolve(datetime(2026, 11, 1, 1, 30), NEW_YORK)
    assert (asked.value.second - asked.value.first).total_seconds() == 3600


@pytest.mark.parametrize(("fold", "hour"), [(0, 5), (1, 6)])
def test_the_answer_decides_which_of_the_two(fold: int, hour: int) -> None:
    assert resolve(datetime(2026, 11, 1, 1, 30), NEW_YORK, fold) == datetime(
        2026, 11, 1, hour, 30, tzinfo=UTC
    )
