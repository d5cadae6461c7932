"""The next solar term (節氣), so that the demo's greeting is in season whenever it is opened."""

from __future__ import annotations

from datetime import date, timedelta

from calendar_app.demo.script import FROM_ABOVE, STORY, Scene

CENTURY_YEAR = 0.2422
WINTER, SPRING, SUMMER, AUTUMN = (
    "天冷，泡一壺焙火烏龍，慢慢暖起來。",
    "萬物新醒，適合一杯清香的綠茶。",
    "暑氣重，記得多喝水，也多喝一杯白茶。",
    "早晚轉涼，烏龍最是溫潤。",
)
# Month, name, the constant of its day in this century (day = year * 0.2422 + constant - leap years), and a line.
TERMS = (
    (1, "小寒", 5.4055, WINTER),
    (1, "大寒", 20.12, WINTER),
    (2, "立春", 3.87, SPRING),
    (2, "雨水", 18.73, SPRING),
    (3, "驚蟄", 5.63, SPRING),
    (3, "春分", 20.646, SPRING),
    (4, "清明", 4.81, SPRING),
    (4, "穀雨", 20.1, SPRING),
    (5, "立夏", 5.52, SUMMER),
    (5, "小滿", 21.04, SUMMER),
    (6, "芒種", 5.678, SUMMER),
    (6, "夏至", 21.37, SUMMER),
    (7, "小暑", 7.108, SUMMER),
    (7, "大暑", 22.83, SUMMER),
    (8, "立秋", 7.5, AUTUMN),
    (8, "處暑", 23.13, AUTUMN),
    (9, "白露", 7.646, AUTUMN),
    (9, "秋分", 23.042, AUTUMN),
    (10, "寒露", 8.318, AUTUMN),
    (10, "霜降", 23.438, AUTUMN),
    (11, "立冬", 7.438, WINTER),
    (11, "小雪", 22.36, WINTER),
    (12, "大雪", 7.18, WINTER),
    (12, "冬至", 21.94, WINTER),
)


def greeting(today: date) -> Scene:
    """The morning post of the first solar term after today, at most 17 days ahead."""
    days = (today + timedelta(days=ahead) for ahead in range(1, 19))
    day, (_, name, _, line) = next((day, term) for day in days for term in TERMS if day == _day(day, term))
    text = f"今日{name}。\n\n{line}\n\n#山嵐茶 #{name}"
    return Scene((day - today).days, "08:00", STORY, text, (FROM_ABOVE,))


def _day(near: date, term: tuple[int, str, float, str]) -> date:
    month, _, constant, _ = term
    year = near.year % 100
    leaps = (year - 1 if month < 3 else year) // 4
    return date(near.year, month, int(year * CENTURY_YEAR + constant) - leaps)
