"""The two weeks behind: what was published, and the few that did not go as planned."""

from __future__ import annotations

from calendar_app.demo.script import (
    AFTERNOON,
    BLUESKY,
    BOTH,
    CARE,
    COLD,
    ENGLISH,
    EVENT,
    FILM,
    FIRST_HARVEST,
    FROM_ABOVE,
    LESSON,
    MASTODON,
    MOON,
    NEW,
    RAIN,
    SHOOT,
    SIMPLIFIED,
    SIX,
    STORY,
    TERRACES,
    Fate,
    Reply,
    Scene,
)

PAST = (
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

活動至本週日 23:59（香港時間）止，隔週三公布得獎名單，寄送範圍為香港、澳門及台灣，運費由我們負擔。每人限得一次，得獎者會收到私訊，七日內未回覆視同放棄。

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
    Scene(
        -6,
        "20:30",
        STORY,
        """想問問大家：

一天只能喝一杯茶的話，你會留給早上、下午，還是睡前？

留言告訴我們，下個月的電子報會選幾則分享。

#山嵐茶""",
        replies=(
            Reply("achang", 5, "早上！沒喝茶之前請不要跟我說話。"),
            Reply("kafai", 19, "下午四點，全公司最安靜的時候。"),
            Reply("mei", 47, "睡前，不過只敢喝白茶。"),
        ),
    ),
    Scene(
        -5,
        "12:00",
        CARE,
        """茶葉怕四樣東西：光、濕、熱、異味。

開罐之後，把袋口捲緊、放回罐裡，收在陰涼的櫃子就好。冰箱裡有蔥有魚，茶都會記住。

輕焙的半年內喝完最好，重焙的可以慢慢放。

#山嵐茶 #茶葉保存""",
        owner="approver",
    ),
    Scene(
        -5,
        "18:00",
        EVENT,
        """今晚八點，阿明師傅線上開茶：一邊焙火一邊聊，想問什麼都可以。
https://shanlan.example/live

#山嵐茶""",
        fate=Fate.LATE,
    ),
    Scene(
        -4,
        "09:00",
        EVENT,
        """本週六維園市集，我們在 C12 攤位等你。現場試飲三款春茶，自備杯子再送一包袋茶。

#山嵐茶 #市集""",
        (RAIN,),
        fate=Fate.CANCELED,
        owner="admin",
    ),
    Scene(
        -4,
        "18:30",
        STORY,
        """我們把外盒的塑膠膜拿掉了。

改用一張再生紙腰封，一年少用大約 120 公斤塑膠。盒子運到你手上時，角角可能有一點點磨損，請多包涵；茶葉本身仍然密封在鋁袋裡，一片都不會受潮。

還有可以做得更好的地方嗎？我們想聽。
https://shanlan.example/sustainability

#山嵐茶 #減塑""",
        shorter="""我們把外盒的塑膠膜拿掉了，改用再生紙腰封，一年少用大約 120 公斤塑膠。茶葉仍然密封，不會受潮。
https://shanlan.example/sustainability

#山嵐茶 #減塑""",
    ),
    Scene(
        -3,
        "10:30",
        EVENT,
        """「六大茶類」品飲組得獎名單公布！恭喜 10 位朋友，我們今天會逐一私訊，請在七天內回覆收件資料。

名單：https://shanlan.example/draw/winners

謝謝每一位留言，每一則我們都讀完了。

#山嵐茶""",
        fate=Fate.FAILED,
    ),
    Scene(
        -3,
        "20:00",
        STORY,
        """阿明師傅做茶四十年，從不看錶。

他說，葉子會告訴你：青味退了，花香還沒上來，手心有一點點黏——就是現在。

我們請徒弟同時用計時器量過，師傅的「現在」，誤差不到兩分鐘。

#山嵐茶 #做茶的人""",
        (SHOOT,),
    ),
    Scene(
        -2,
        "12:30",
        LESSON,
        """六大茶类，一张图看懂：

绿茶不发酵，白茶微发酵，黄茶轻发酵，
青茶半发酵，红茶全发酵，黑茶后发酵。

颜色从浅到深，性子也从鲜爽到醇厚。你最常喝哪一种？

#山嵐茶 #六大茶类""",
        (SIX,),
        SIMPLIFIED,
        alts=("六碗茶汤，颜色由浅绿到深红",),
    ),
    Scene(
        -2,
        "19:00",
        STORY,
        """Behind the scenes: every batch is tasted by three people who are not allowed to talk until all cups are empty. Then the arguing starts.

#ShanlanTea""",
        language=ENGLISH,
        channels=(MASTODON,),
    ),
    Scene(
        -1,
        "08:30",
        LESSON,
        """「穀雨茶」是什麼？

穀雨前後採的春茶，雨水足、芽葉肥，香氣比明前茶濃，價錢卻親民得多。懂喝的人，都在等這一批。

#山嵐茶 #春茶""",
        (RAIN,),
        fate=Fate.RETRIED,
        channels=BOTH,
    ),
    Scene(
        -1,
        "21:00",
        STORY,
        """今天最後一泡，敬還在加班的你。

#山嵐茶""",
        (MOON,),
        channels=(BLUESKY,),
    ),
)
