"""The weeks after the next one."""

from __future__ import annotations

from calendar_app.demo.script import (
    AFTERNOON,
    BLUESKY,
    CARE,
    COLD,
    ENGLISH,
    EVENT,
    FIRST_HARVEST,
    FROM_ABOVE,
    LESSON,
    NEW,
    SIMPLIFIED,
    SIX,
    STORY,
    TERRACES,
    Fate,
    Scene,
)

LATER = (
    Scene(
        9,
        "12:30",
        LESSON,
        """怎樣端蓋碗才不會燙手？

大拇指和中指拿碗沿，食指輕壓蓋鈕，水別倒超過碗沿下一公分。出湯時果斷一點，越猶豫越燙。

#山嵐茶 #泡茶小教室""",
        (FROM_ABOVE,),
    ),
    Scene(
        9,
        "20:00",
        STORY,
        """We asked our pickers what they drink at home. Eleven of fourteen said: whatever did not sell. The other three said coffee.

#ShanlanTea""",
        language=ENGLISH,
    ),
    Scene(
        10,
        "10:00",
        EVENT,
        """深水埗新店，下個月開門。

老唐樓的地下，三十呎長的吧檯，一整面牆的茶罐。開幕首三日，任何一款茶免費試飲，自備杯子再折十元。

地址與交通：https://shanlan.example/stores/shamshuipo

#山嵐茶 #深水埗""",
        (SIX, AFTERNOON),
        fate=Fate.SUBMITTED,
        owner="admin",
    ),
    Scene(
        11,
        "16:00",
        STORY,
        """茶渣別急著倒。

晾乾裝進小布袋，鞋櫃、冰箱都能除味；拌進花盆的土裡，薄荷長得特別快。我們店裡的每一盆薄荷，都是喝烏龍長大的。

#山嵐茶 #減廢""",
    ),
    Scene(
        12,
        "09:30",
        STORY,
        """早上六點半的製茶間，第一道光進來的樣子。

#山嵐茶""",
        (FIRST_HARVEST,),
        channels=(BLUESKY,),
    ),
    Scene(
        12,
        "19:30",
        CARE,
        """（草稿）常見問題整理：孕婦能喝嗎？小朋友能喝嗎？隔夜茶能喝嗎？

待營養師回覆後補上答案。

#山嵐茶""",
        fate=Fate.DRAFT,
        owner="approver",
    ),
    Scene(
        14,
        "12:00",
        LESSON,
        """今日練習：同一款茶，用 80°C 和 95°C 各泡一杯，閉上眼睛喝。

甜的那杯，和香的那杯，你選哪一杯？

#山嵐茶 #泡茶小教室""",
    ),
    Scene(
        14,
        "20:00",
        STORY,
        """有客人帶著空罐回來：「同一款，再裝滿。」

我們最喜歡的一句話。

空罐回店補茶，每罐減十元。
https://shanlan.example/refill

#山嵐茶 #減廢""",
        (AFTERNOON,),
    ),
    Scene(
        15,
        "10:30",
        NEW,
        """「冷泡一夏」瓶裝茶樣品到齊，瓶身用的是回收玻璃。

口味投票：茉莉綠、蜜香紅、炭焙烏龍，你想先喝哪一款？

#山嵐茶 #冷泡茶""",
        (COLD,),
        fate=Fate.SUBMITTED,
    ),
    Scene(
        16,
        "18:00",
        CARE,
        """很多朋友问：茶汤表面那层白沫是什么？

是茶皂素，植物里天然就有的，不是农药，也不是脏。轻轻刮掉或直接喝都可以。

我们的每一批茶都送检，报告在这里：
https://shanlan.example/reports

#山嵐茶""",
        language=SIMPLIFIED,
    ),
    Scene(
        17,
        "12:00",
        EVENT,
        """（草稿）茶與書：和二樓的獨立書店合辦一場讀書會，主題待定。

想推薦哪一本書？

#山嵐茶""",
        fate=Fate.DRAFT,
        owner="admin",
    ),
    Scene(
        18,
        "10:00",
        STORY,
        """A month in one picture: gardens above the clouds, and somewhere below, your next cup.

Thank you for reading along.

#ShanlanTea""",
        (TERRACES,),
        ENGLISH,
    ),
)
