"""The brand on the platforms of its plan beside the two that it has a past on: connected, with posts for the days ahead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import publishers
from calendar_app import channels
from calendar_app.demo import house
from calendar_app.demo.house import House
from calendar_app.demo.platforms import NAME, NoStage, Stage
from calendar_app.demo.script import (
    AFTERNOON,
    EVENT,
    FILM,
    FIRST_HARVEST,
    LESSON,
    NEW,
    SHOOT,
    SIMPLIFIED,
    STORY,
    TERRACES,
    Fate,
    Scene,
)
from publishers.values import Connected, Destination

WEIBO, WECHAT, DOUYIN = "weibo", "wechat", "douyin"
# What a person would choose in the connect form, where the platform itself tells nothing of it.
TRAITS: Mapping[str, Mapping[str, str]] = {
    WEIBO: {"rights": "open", "domains": "shanlan.example"},
    WECHAT: {},
    DOUYIN: {},
}
SCENES = (
    Scene(
        1,
        "12:00",
        NEW,
        "「雾顶」高山乌龙补货了，这次只有 80 罐。想先试味道，也有 15 克小包装 👉 https://shanlan.example/misty-peak",
        (TERRACES,),
        language=SIMPLIFIED,
        channels=(WEIBO,),
    ),
    Scene(
        2,
        "20:00",
        LESSON,
        """很多人问：同样是春茶，谷雨前和谷雨后差在哪里？

我们把三天里采的同一片茶园的茶放在一起喝了一遍。

## 谷雨前

芽头小，汤色浅，入口先是甜。水温 85 度，第一泡 20 秒就好。

## 谷雨后

叶片舒展，香气更足，耐泡。水温可以到 95 度，适合下午慢慢喝。

喜欢清甜选前者，喜欢厚实选后者。没有谁更好，只有谁更合你今天的心情。""",
        (FIRST_HARVEST, SHOOT),
        language=SIMPLIFIED,
        channels=(WECHAT,),
        options={
            "title": "谷雨前还是谷雨后？一片茶园的两种春天",
            "author": "山岚茶",
            "digest": "同一片茶园，差三天采，泡出来是两种春天。",
            "source": "https://shanlan.example/spring",
        },
    ),
    Scene(
        3,
        "18:30",
        STORY,
        "清晨五点的茶山，雾还没散。#山岚茶 #云雾",
        (FILM,),
        language=SIMPLIFIED,
        channels=(DOUYIN,),
    ),
    Scene(
        4,
        "10:30",
        EVENT,
        "转发抽 5 位朋友，各送一罐春茶。周日晚八点开奖，规则见 https://shanlan.example/draw",
        (AFTERNOON,),
        language=SIMPLIFIED,
        channels=(WEIBO,),
        fate=Fate.SUBMITTED,
        declares=("ad",),
    ),
)


def settle_in(brand: House, addresses: Mapping[str, str], now: datetime) -> None:
    """Connect the brand on each platform that runs at one of ``addresses``, and write what it is to say there."""
    for platform in TRAITS.keys() & addresses.keys():
        stage = Stage(platform, addresses[platform].rstrip("/"))
        try:
            account = stage.order("accounts", handle="shanlan", name=NAME, avatar_seed="shanlan")
        except NoStage:
            continue
        brand.channels[platform] = channels.keep(brand.workspace, platform, _joined(platform, account), now)
    for scene in SCENES:
        if set(scene.channels) <= brand.channels.keys():
            house.write(brand, scene, brand.instant(scene.day, scene.time))


def _joined(platform: str, account: Mapping[str, object]) -> Connected:
    """By the form where there is one, else with the tokens that a sign-in would give."""
    publisher, fields, credentials = (
        publishers.get(platform),
        account.get("fields"),
        account.get("credentials"),
    )
    if isinstance(fields, dict):
        return publisher.connect(fields)
    assert isinstance(credentials, dict)
    bare = Destination(
        str(account["base_url"]), "", "", publisher.default_limits, credentials, TRAITS[platform]
    )
    return publisher.discover(bare)
