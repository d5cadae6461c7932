"""Posts of a tea house, drawn: mountains, cups, leaves. Each motif takes a source of chance."""

from __future__ import annotations

import math
import random

from PIL import Image

from .brush import Canvas, mixed, smooth
from .props import (
    AMBER,
    CREAM,
    FOREST,
    INK,
    MOON,
    NIGHT,
    PAPER,
    SAGE,
    WHITE,
    caption,
    column,
    cup,
    cup_from_above,
    draw_leaf,
    mountains,
    sprig,
    steam,
)


def first_harvest(rng: random.Random) -> Image.Image:
    canvas = Canvas(1600, 900, (244, 214, 178), (248, 232, 208), (232, 236, 226))
    canvas.glow((1130, 300), 620, (255, 240, 204), 0.95)
    canvas.ellipse((1130, 300), 92, 92, (250, 190, 132), (240, 150, 104), opacity=0.95)
    mountains(canvas, rng, (226, 224, 210), (44, 80, 66), 0.36)
    caption(canvas, (420, 230), "春茶初採", "The first spring harvest", FOREST, 74)
    return canvas.finished(rng)


def afternoon_cup(rng: random.Random) -> Image.Image:
    canvas = Canvas(1080, 1350, (208, 222, 210), (230, 234, 222), (240, 234, 220))
    canvas.glow((300, 300), 800, (255, 250, 232), 0.8)
    canvas.polygon([(0, 1010), (1080, 1010), (1080, 1350), (0, 1350)], (206, 178, 142), (184, 150, 112))
    canvas.polygon([(0, 1010), (1080, 1010), (1080, 1030), (0, 1030)], WHITE, blur=8, opacity=0.5)
    steam(canvas, (500, 690), 430, rng)
    cup(canvas, (500, 740), 520, (142, 174, 158), AMBER)
    draw_leaf(canvas, (800, 1180), 190, 24, SAGE)
    column(canvas, (930, 150), "一盞午後", "An afternoon in one cup", FOREST, 70)
    return canvas.finished(rng)


def bud_and_leaves(rng: random.Random) -> Image.Image:
    canvas = Canvas(1200, 1200, CREAM, PAPER)
    canvas.glow((600, 520), 620, WHITE, 0.9)
    canvas.ellipse((600, 500), 360, 360, (224, 226, 200), (206, 216, 190), opacity=0.75)
    sprig(canvas, (610, 860), 620, rng)
    caption(canvas, (600, 1010), "一芽二葉", "One bud, two leaves", FOREST, 66)
    return canvas.finished(rng)


def from_above(rng: random.Random) -> Image.Image:
    canvas = Canvas(1200, 1200, (214, 196, 168), (196, 174, 142))
    for number in range(9):
        y = number * 150 + rng.uniform(-12, 12)
        canvas.line([(-20, y), (1220, y + rng.uniform(-8, 8))], 3, INK, blur=2, opacity=0.12)
    canvas.glow((260, 180), 900, (255, 244, 220), 0.65)
    cup_from_above(canvas, (600, 640), 360, (236, 232, 220), (206, 148, 58))
    draw_leaf(canvas, (520, 690), 170, 22, (92, 124, 66), fat=0.17)
    for at, length, angle in (((120, 1080), 200, 52), ((250, 1130), 150, 20), ((1010, 240), 190, -140)):
        draw_leaf(canvas, at, length, angle, (78, 108, 72))
    caption(canvas, (600, 110), "慢一點", "Slowly, please", (84, 60, 40), 58)
    return canvas.finished(rng)


def terraces(rng: random.Random) -> Image.Image:
    canvas = Canvas(1600, 900, (196, 220, 226), (228, 236, 228), (240, 240, 226))
    canvas.glow((380, 170), 520, (255, 250, 226), 0.95)
    mountains(canvas, rng, (208, 222, 216), (140, 172, 152), 0.3, 3)
    for row in range(11):
        share = row / 10
        y = 470 + 440 * share**1.25
        swell = 26 + 58 * share
        crest = [
            (x, y + swell * math.sin(x / 330 + row * 0.33) - 46 * math.sin(x / 1600 * math.pi))
            for x in range(-20, 1640, 20)
        ]
        green = mixed((150, 182, 128), (46, 88, 58), share)
        canvas.polygon(
            [*crest, (1640, 930), (-20, 930)], mixed(green, MOON, 0.22), green, mixed(green, INK, 0.15)
        )
        canvas.line([(x, py + 5) for x, py in crest], 3 + 4 * share, mixed(green, MOON, 0.45), opacity=0.7)
    canvas.ellipse((420, 470), 520, 34, WHITE, blur=30, opacity=0.7)
    canvas.ellipse((1320, 520), 420, 26, WHITE, blur=30, opacity=0.6)
    caption(canvas, (1150, 170), "雲上茶園", "Gardens above the clouds", FOREST, 70)
    return canvas.finished(rng)


def autumn_moon(rng: random.Random) -> Image.Image:
    canvas = Canvas(1080, 1350, NIGHT, (38, 54, 78), (84, 92, 104))
    for _ in range(70):
        canvas.ellipse(
            (rng.uniform(0, 1080), rng.uniform(0, 700)), 1.6, 1.6, MOON, opacity=rng.uniform(0.2, 0.7)
        )
    canvas.glow((470, 470), 560, MOON, 0.5)
    canvas.ellipse((470, 470), 218, 218, (255, 246, 218), (246, 222, 166))
    for dx, dy, size in ((-70, -50, 44), (40, 30, 62), (-30, 90, 30), (90, -80, 26)):
        canvas.ellipse((470 + dx, 470 + dy), size, size * 0.8, (226, 198, 140), blur=14, opacity=0.4)
    mountains(canvas, rng, (96, 104, 116), (14, 24, 36), 0.62, 4)
    branch = smooth([(1100, 250), (930, 300), (780, 282), (640, 330), (560, 312)])
    canvas.line(branch, 7, (20, 22, 26))
    for at in range(6, len(branch) - 1, 4):
        draw_leaf(
            canvas,
            branch[at],
            rng.uniform(64, 96),
            rng.choice((-62, -118, 58, 122)) + rng.uniform(-12, 12),
            (44, 66, 56),
            fat=0.17,
        )
    column(canvas, (930, 410), "月下有茶", "Tea under the autumn moon", MOON, 68)
    return canvas.finished(rng)


def grain_rain(rng: random.Random) -> Image.Image:
    canvas = Canvas(1080, 1350, (116, 146, 130), (164, 188, 170), (206, 218, 200))
    mountains(canvas, rng, (178, 198, 184), (88, 122, 104), 0.5, 4)
    for _ in range(130):
        x, y, length = rng.uniform(-60, 1120), rng.uniform(-60, 1350), rng.uniform(26, 84)
        canvas.line([(x, y), (x - length * 0.16, y + length)], 1.5, WHITE, opacity=rng.uniform(0.12, 0.4))
    for root, lengths, turn in (((1100, 60), (330, 280, 300, 220), 205), ((-20, 1080), (300, 340, 250), 20)):
        for number, length in enumerate(lengths):
            draw_leaf(
                canvas, root, length, turn + (number - 1) * 24 + rng.uniform(-5, 5), (58, 100, 70), fat=0.09
            )
    column(canvas, (190, 170), "穀雨", "Grain rain, new leaves", CREAM, 96)
    return canvas.finished(rng)


def six_teas(rng: random.Random) -> Image.Image:
    canvas = Canvas(1200, 1200, (240, 233, 218), (228, 216, 194))
    canvas.glow((300, 200), 900, WHITE, 0.7)
    teas = (
        ("綠茶", "Green", (196, 200, 104)),
        ("白茶", "White", (228, 204, 140)),
        ("黃茶", "Yellow", (222, 176, 82)),
        ("青茶", "Oolong", (204, 136, 52)),
        ("紅茶", "Black", (164, 70, 34)),
        ("黑茶", "Dark", (88, 42, 30)),
    )
    for number, (chinese, english, tea) in enumerate(teas):
        x, y = 230 + number % 3 * 370, 400 + number // 3 * 420
        cup_from_above(canvas, (x, y), 132, (240, 238, 230), tea)
        caption(canvas, (x, y + 190), chinese, english, INK, 38)
    caption(canvas, (600, 120), "六大茶類", "Six teas, six colours", FOREST, 62)
    return canvas.finished(rng)


def cold_brew(rng: random.Random) -> Image.Image:
    canvas = Canvas(1080, 1350, (188, 214, 208), (214, 228, 216), (236, 232, 210))
    canvas.glow((780, 260), 700, WHITE, 0.8)
    canvas.ellipse((540, 1176), 330, 40, FOREST, blur=30, opacity=0.35)
    left, right, top, bottom = 350, 730, 420, 1170
    glass = [(left, top), (right, top), (right - 46, bottom), (left + 46, bottom)]
    canvas.polygon(glass, WHITE, opacity=0.38)
    canvas.polygon(
        [
            (left + 24, top + 130),
            (right - 24, top + 130),
            (right - 62, bottom - 26),
            (left + 62, bottom - 26),
        ],
        (226, 204, 116),
        (206, 160, 62),
        (176, 118, 40),
        opacity=0.92,
    )
    canvas.ellipse((540, top + 130), 166, 20, (240, 224, 150), (222, 192, 104))
    for x, y, size, turn in (
        (470, 600, 74, 0.3),
        (600, 640, 82, 0.9),
        (500, 740, 70, 1.2),
        (608, 800, 62, 0.1),
    ):
        corners = [
            (x + size * math.cos(turn + q * math.pi / 2), y + size * math.sin(turn + q * math.pi / 2))
            for q in range(4)
        ]
        canvas.polygon(corners, WHITE, (250, 240, 200), opacity=0.4)
        canvas.line([*corners, corners[0]], 3, WHITE, opacity=0.55)
    draw_leaf(canvas, (560, 600), 150, 128, (112, 156, 84))
    draw_leaf(canvas, (556, 596), 140, 58, (92, 140, 76))
    canvas.line([(left + 34, top + 40), (left + 72, bottom - 60)], 12, WHITE, blur=6, opacity=0.75)
    canvas.ring((540, top), 190, 24, 4, WHITE, opacity=0.9)
    for _ in range(60):
        bubble = (rng.uniform(left + 50, right - 50), rng.uniform(top + 150, bottom - 40))
        canvas.ellipse(bubble, rng.uniform(2, 5), rng.uniform(3, 6), WHITE, opacity=0.45)
    column(canvas, (930, 150), "冷泡一夏", "Cold brew, all summer", FOREST, 70)
    return canvas.finished(rng)
