"""The past week: what was published, and the few that did not go as planned."""

from __future__ import annotations

from calendar_app.demo.script import (
    BLUESKY,
    BOTH,
    CARE,
    ENGLISH,
    EVENT,
    LESSON,
    MASTODON,
    MOON,
    RAIN,
    SHOOT,
    SIMPLIFIED,
    SIX,
    STORY,
    Fate,
    Reply,
    Scene,
)

LAST_WEEK = (
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
