"""The weeks ahead: most of it approved, some still on its way there."""

from __future__ import annotations

from calendar_app.demo.script import (
    AFTERNOON,
    BLUESKY,
    CARE,
    COLD,
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
    SIX,
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

AHEAD = (
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
        """The long story of our fog (draft, still too long for Bluesky)

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
