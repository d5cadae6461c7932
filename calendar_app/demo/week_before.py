"""The week before last: everything went as planned."""

from __future__ import annotations

from calendar_app.demo.script import (
    AFTERNOON,
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
    RAIN,
    SHOOT,
    SIMPLIFIED,
    SIX,
    STORY,
    TERRACES,
    Reply,
    Scene,
)

WEEK_BEFORE = (
    Scene(
        -14,
        "10:00",
        NEW,
        """「春茶初採」禮盒今天重新上架。

清晨五點採下的一芽二葉，當天萎凋、當天殺青。海拔 1,600 公尺，日夜溫差十二度，葉片厚而軟，泡出來帶一點蘭花香。

每盒兩罐，各 75 克，附一張茶園手繪地圖。
https://shanlan.example/first-harvest

#山嵐茶 #春茶""",
        (FIRST_HARVEST, SHOOT),
        shorter="""「春茶初採」禮盒今天重新上架：清晨五點採下的一芽二葉，泡出來帶一點蘭花香。
https://shanlan.example/first-harvest

#山嵐茶 #春茶""",
        replies=(
            Reply("wing", 26, "去年買過，蘭花香真的很明顯，這次直接訂兩盒。"),
            Reply("achang", 95, "請問可以寄台灣嗎？"),
        ),
    ),
    Scene(
        -13,
        "12:30",
        LESSON,
        """蓋碗泡烏龍，記住三個數字就夠：

5 克茶葉
110 毫升、95°C 的水
第一泡 45 秒，之後每泡多 10 秒

水不必一直滾著，心也是。

#山嵐茶 #泡茶小教室""",
        (FROM_ABOVE,),
    ),
    Scene(
        -13,
        "20:00",
        STORY,
        """Our tea grows where the afternoon fog rolls in at two o'clock sharp. Less sun means slower leaves, and slower leaves keep more of what you taste: cream, orchid, a little pine.

We did not invent that. We just wait for it.

#ShanlanTea #oolong""",
        (TERRACES,),
        ENGLISH,
    ),
    Scene(
        -12,
        "18:00",
        EVENT,
        """【抽獎】送出 10 份「六大茶類」品飲組！

參加方法：
1. 追蹤我們的帳號
2. 轉發這則貼文
3. 留言告訴我們，你人生第一杯「好茶」是在哪裡喝到的

活動至本週日 23:59（香港時間）止，隔週公布得獎名單，寄送範圍為香港、澳門及台灣，運費由我們負擔。每人限得一次，得獎者會收到私訊，七日內未回覆視同放棄。

完整辦法：https://shanlan.example/draw

#山嵐茶 #六大茶類""",
        (SIX,),
        shorter="""【抽獎】送出 10 份「六大茶類」品飲組！
追蹤＋轉發＋留言說說你的第一杯好茶，本週日 23:59（香港時間）截止。
完整辦法：https://shanlan.example/draw

#山嵐茶 #六大茶類""",
        replies=(
            Reply("kafai", 8, "外婆家的老茶壺，泡的是鐵觀音，那時才六歲。"),
            Reply("mei", 31, "阿里山，民宿老闆請的，到現在還記得那個香。"),
            Reply("wing", 64, "中環一間小店，下雨天躲雨走進去的。"),
        ),
    ),
    Scene(
        -11,
        "09:30",
        CARE,
        """有朋友問：「泡開之後葉子邊緣紅紅的，是不是壞了？」

沒有壞，那叫「綠葉紅鑲邊」。烏龍茶製作時要搖青，讓葉緣輕輕碰撞、先發酵一點，才有花果香。紅邊越勻，師傅的手越穩。

還有別的疑問，隨時私訊我們。

#山嵐茶""",
        owner="approver",
    ),
    Scene(
        -10,
        "11:00",
        STORY,
        """上週，茶旅作家阿禾跟我們上山住了兩天。

她說最難忘的不是日出，是凌晨一點的製茶間：沒有人說話，只聽見竹篩一下一下地搖。

謝謝阿禾把那個聲音寫了下來。全文在這裡：
https://shanlan.example/stories/ahe

#山嵐茶 #茶旅""",
        (TERRACES, RAIN, SHOOT),
        shorter="""茶旅作家阿禾跟我們上山住了兩天，最難忘的是凌晨一點的製茶間：沒有人說話，只聽見竹篩一下一下地搖。
https://shanlan.example/stories/ahe

#山嵐茶 #茶旅""",
        owner="admin",
    ),
    Scene(
        -9,
        "12:00",
        LESSON,
        """办公室冷泡，一分钟搞定：

晚上下班前，500 毫升凉开水配 6 克乌龙，盖好放进冰箱。
第二天到公司，直接喝。

不苦、不涩，下午三点也不怕睡不着。

#山嵐茶 #冷泡茶""",
        (COLD,),
        SIMPLIFIED,
        alts=("加了冰块和茶叶的冷泡茶",),
    ),
    Scene(
        -9,
        "19:00",
        STORY,
        """「一碗喉吻潤，二碗破孤悶。」——盧仝《七碗茶歌》

今晚，你喝到第幾碗？

#山嵐茶""",
        (MOON,),
    ),
    Scene(
        -7,
        "10:00",
        NEW,
        """新茶登場：「霧頂」高山烏龍。

只採霧線以上的一小片園子，一年不到兩百五十斤。輕焙火，湯色蜜黃，先是奶香，尾韻是雨後的青草。

今天 12:00 開賣，每人限購兩罐。
https://shanlan.example/misty-peak

#山嵐茶 #新茶""",
        (FILM,),
        owner="admin",
        replies=(Reply("mei", 12, "鬧鐘設好了！"),),
    ),
    Scene(
        -7,
        "17:30",
        NEW,
        """Meet Misty Peak, our new high-mountain oolong: light roast, honey-coloured, milk first and wet grass last. Fewer than 150 kg a year.

Ships worldwide from today:
https://shanlan.example/en/misty-peak

#ShanlanTea #oolong""",
        (AFTERNOON,),
        ENGLISH,
    ),
)
