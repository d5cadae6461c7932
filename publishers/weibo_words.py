"""What the Weibo adapter says to people."""

from publishers.words import Words

RIGHTS = Words("Rights of the app", "應用程式的權限", "应用权限")
RIGHTS_HINT = Words(
    "With commercial rights (商业接口) posts need no link and take nine pictures.",
    "有商業介面權限時，貼文不必附連結，也能放九張圖片。",
    "有商业接口权限时，微博不必带链接，也能配九张图。",
)
RIGHTS_CHOICES = (
    ("open", Words("Open to every app", "一般應用（普通介面）", "普通应用（普通接口）")),
    ("commercial", Words("Commercial", "商業介面", "商业接口")),
)
DOMAINS = Words("Bound domains", "已綁定的安全網域", "已绑定的安全域名")
DOMAINS_HINT = Words(
    "As entered under 安全域名 in the app's settings, divided by commas. Without commercial rights each post needs a"
    " link to one of them.",
    "與應用設定「安全域名」所填相同，以逗號分隔。沒有商業介面權限時，每則貼文都要有一個指向這些網域的連結。",
    "与应用设置“安全域名”中填写的一致，用逗号分隔。没有商业接口权限时，每条微博都要带一个指向这些域名的链接。",
)
IP = Words("Public IP address", "對外 IP 位址", "公网 IP 地址")
IP_HINT = Words(
    "Sent as rip, the address of whoever posts; some apps are refused without.",
    "以 rip 參數回報的操作者位址；部分應用缺少時會被拒絕。",
    "以 rip 参数上报的操作者地址；部分应用缺少时会被拒绝。",
)
HOURS = Words("Pictures last (hours)", "圖片有效時間（小時）", "图片有效时间（小时）")
HOURS_HINT = Words(
    "How long before its post a picture may be uploaded with commercial rights; Weibo documents no bound.",
    "商業介面的圖片最早可在發文前多久上傳；微博沒有說明上限。",
    "商业接口的图片最早可在发布前多久上传；微博没有说明上限。",
)
VISIBLE_HINT = Words(
    "Who sees a post can be chosen with commercial rights only.",
    "只有具備商業介面權限時才能選擇誰看得到。",
    "只有具备商业接口权限时才能选择谁可以看。",
)
LINK_REQUIRED = Words(
    "Weibo takes posts of this app with a link to its bound domain only (%(hosts)s).",
    "此應用的微博必須含有指向已綁定網域（%(hosts)s）的連結。",
    "此应用的微博必须包含指向已绑定域名（%(hosts)s）的链接。",
)
ANY_LINK_REQUIRED = Words(
    "Weibo takes posts of this app with a link to its bound domain only.",
    "此應用的微博必須含有指向已綁定網域的連結。",
    "此应用的微博必须包含指向已绑定域名的链接。",
)
TOPIC_REFUSED = Words(
    "Weibo may refuse a post with a #topic# from an app without commercial rights.",
    "沒有商業介面權限的應用，含 #話題# 的微博可能被拒絕。",
    "没有商业接口权限的应用，含 #话题# 的微博可能被拒绝。",
)
