"""The week ahead: most of it approved, some still on its way there."""

from __future__ import annotations

from calendar_app.demo.script import (
    AFTERNOON,
    CARE,
    ENGLISH,
    EVENT,
    FILM,
    FIRST_HARVEST,
    FROM_ABOVE,
    LESSON,
    MOON,
    NEW,
    SHOOT,
    SIMPLIFIED,
    STORY,
    TERRACES,
    Fate,
    Scene,
)

SOON = Scene(
    0,
    "",
    STORY,
    """先泡杯茶，再看今天的待辦清單。

水滾了，茶葉會自己慢慢打開，事情也會。

#山嵐茶 #一盞午後""",
    (AFTERNOON,),
)

NEXT_WEEK = (
    Scene(
        1,
        "09:00",
        NEW,
        """「霧頂」高山烏龍補貨到了，這次只有 80 罐。

上一批兩小時售罄，謝謝大家。想先試味道的朋友，也有 15 克的小包裝。
https://shanlan.example/misty-peak

#山嵐茶 #新茶""",
        (TERRACES,),
    ),
    Scene(
        1,
        "20:30",
        STORY,
        """小調查：泡茶的時候，你會計時嗎？

🅰️ 一定要，差一秒都不行
🅱️ 憑感覺，今天濃一點也好
🅲 泡了就忘，變成超級濃茶

#山嵐茶""",
    ),
    Scene(
        2,
        "12:30",
        LESSON,
        """Five mistakes we all made with oolong (and what to do instead):

1. Water off the boil for too long: pour right away.
2. Too few leaves: 5 g for a small gaiwan.
3. One long steep: many short ones are sweeter.
4. Squeezing the leaves: let them open.
5. Throwing them out after two rounds: they have five more in them.

#ShanlanTea #teatips""",
        (FROM_ABOVE,),
        ENGLISH,
        shorter="""Oolong in short: hot water, 5 g of leaves, many short steeps, no squeezing, and do not stop after round two. There are five more in there.

#ShanlanTea #teatips""",
    ),
    Scene(
        3,
        "10:00",
        EVENT,
        """下個月，導演陳霧要帶著他的膠卷相機上山，拍一整天的雲。

預告片先放在這裡：六秒，沒有台詞，只有霧。

#山嵐茶 #雲上茶園""",
        (FILM,),
        fate=Fate.SUBMITTED,
        owner="admin",
    ),
    Scene(
        3,
        "19:00",
        STORY,
        """「寒夜客來茶當酒，竹爐湯沸火初紅。」——杜耒《寒夜》

天涼了，約個朋友來家裡坐坐吧。

#山嵐茶""",
        (MOON,),
    ),
    Scene(
        4,
        "11:00",
        CARE,
        """關於出貨：平日下午三點前的訂單，當天寄出；香港約 1 至 2 天，台灣與澳門約 3 至 5 天。

連假前後會慢一點，送禮的朋友請提早下單。
https://shanlan.example/shipping

#山嵐茶""",
        owner="approver",
    ),
    Scene(
        5,
        "12:00",
        LESSON,
        """一芽二叶，指的是一个嫩芽加上紧挨着的两片叶子。

只采芽，太淡；采到第四叶，又太老。一芽二叶，鲜和厚都刚刚好。

#山嵐茶 #茶知识""",
        (SHOOT,),
        SIMPLIFIED,
        alts=("一芽二叶的茶芽",),
    ),
    Scene(
        5,
        "20:30",
        STORY,
        """The long story of our fog

People ask why we never show the summit in our pictures. The honest answer is that we have hardly seen it. From April to November the fog arrives after lunch and stays until supper, and whoever is up there picks by touch.

My grandfather counted the rows with his feet. My mother sang so that the others knew where she was. I carry a radio, which is less romantic but works better in the rain.

#ShanlanTea""",
        language=ENGLISH,
        fate=Fate.DRAFT,
    ),
    Scene(
        6,
        "18:00",
        EVENT,
        """【買一送一】袋茶系列限時優惠，數量有限，送完為止！

https://shanlan.example/offer

#山嵐茶""",
        fate=Fate.SENT_BACK,
        comment="請補上優惠的截止日期，並說明是同款送一還是任選；法務說「送完為止」要寫明數量。",
    ),
    Scene(
        7,
        "10:00",
        NEW,
        """「山嵐四景」品茶組預購開始：初採、雲園、一芽、午後，四款茶配四張小卡。

送自己一個下午，或者送一個很久沒見的朋友。
https://shanlan.example/four-views

#山嵐茶 #送禮""",
        (FIRST_HARVEST, TERRACES, SHOOT, AFTERNOON),
    ),
)
