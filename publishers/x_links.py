"""What X takes for a link, and so counts as 23 characters: with a scheme or without (twitter-text 3, extractUrls).

A path ends at the first character that is neither Latin nor Cyrillic, so Chinese may follow a link without a space. A
domain without a scheme is one only under an ending that exists; of two labels alone under a country's ending, such as
``read.me``, it is none, but for .co and .tv.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

# The endings of ISO 3166 and those others that are met most: an ending that is missing here is counted as text.
_COUNTRIES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw"
    " by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et"
    " eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id"
    " ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu"
    " lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np"
    " nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk"
    " sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy"
    " uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
_OTHERS = (
    "academy agency app art asia auto bar best bike biz blog boutique cafe cam care cash center chat city"
    " click cloud club co codes coffee com community company cool design dev digital directory edu email"
    " energy events exchange expert fans farm fashion finance fit fun fund fyi gallery game games garden"
    " gift global gmbh gold gov green group guide guru health help homes host hotel house icu inc info ink"
    " int international jobs kids kitchen land law legal life limited link live lol ltd market marketing"
    " mba media menu mil mobi money name net network news ninja one online org page party photo"
    " photography photos pics pink pizza plus post press pro pub recipes red rent restaurant reviews rocks"
    " run sale school science services shop show site social software space sport store studio style"
    " support systems tea team tech tips tokyo top tours town toys trade training travel university video"
    " vip vision wang watch website wedding wiki win wine work works world wtf xin xyz yoga zone"
)
_LATIN = r"\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_LABEL = rf"[a-z0-9{_LATIN}](?:[a-z0-9{_LATIN}_-]{{0,62}}[a-z0-9{_LATIN}])?"
_IN_PATH = rf"a-z0-9{_LATIN}\p{{Cyrillic}}!*';:=+,.$/%\#\[\]\-\u2013_~@|&"
_AT_END = rf"a-z0-9{_LATIN}\p{{Cyrillic}}=_\#/+\-"
_BRACKETS = rf"\([{_IN_PATH}]*\)"
_REST = rf"""
    (?: :\d+ )?
    (?P<path> / (?: (?:[{_IN_PATH}]|{_BRACKETS})* (?:[{_AT_END}]|{_BRACKETS}) )? )?
    (?P<query> \? [a-z0-9!?*'@();:&=+$/%\#\[\]\-_.,~|]* [a-z0-9\-_&=\#/] )?"""
_NOT_BEFORE = r"(?<![a-z0-9@＠$\#＃])"
_ENDING = "|".join(sorted({*_COUNTRIES.split(), *_OTHERS.split()}, key=len, reverse=True))
_LINK = regex.compile(
    rf"""{_NOT_BEFORE} (?:
        https?:// (?:[\p{{L}}\p{{N}}\p{{M}}_-]+\.)+ (?:xn--[a-z0-9-]+|[a-z]{{2,63}}|\p{{L}}+)
        | (?<![-_./]) (?P<bare> (?:{_LABEL}\.){{1,20}} (?:{_ENDING}) )
    ) (?![a-z0-9@]) {_REST}""",
    regex.VERBOSE | regex.IGNORECASE,
)
_SHORT = regex.compile(rf"[^.]+\.(?!(?:co|tv)\Z)(?:{'|'.join(_COUNTRIES.split())})", regex.IGNORECASE)


def places(said: str) -> Iterator[tuple[int, int]]:
    """Where the links of ``said`` start (included) and end (excluded)."""
    for found in _LINK.finditer(said):
        bare = found["bare"]
        if not bare or found["path"] or not _SHORT.fullmatch(bare):
            yield found.span()


def replaced(said: str, by: str) -> str:
    """``said`` with ``by`` in place of each link."""
    parts, done = [], 0
    for start, end in places(said):
        parts += [said[done:start], by]
        done = end
    return "".join([*parts, said[done:]])
