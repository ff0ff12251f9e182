"""Units in one form: `days`, `天` and `business days` measure days, `€`, `EUR` and `欧元` euros."""

BARE = " "
"""Stands between a number's value and its unit in a normal form."""

_UNITS: dict[str, tuple[float, tuple[str, ...]]] = {
    "s": (1, ("seconds", "second", "secs", "sec", "秒钟", "秒")),
    "s*60": (60, ("minutes", "minute", "mins", "min", "分钟", "分鐘")),
    "s*3600": (3600, ("hours", "hour", "hrs", "hr", "个小时", "個小時", "小时", "小時", "个钟头")),
    "s*86400": (
        86400,
        (
            "business days", "business day", "working days", "working day", "calendar days", "calendar day", "days", "day",
            "个工作日", "個工作日", "工作日", "个自然日", "自然日", "天内", "天", "日",
        ),
    ),
    "s*604800": (604800, ("weeks", "week", "个星期", "個星期", "星期", "个礼拜", "周", "週")),
    "mo": (1, ("months", "month", "mos", "个月", "個月", "月")),
    "mo*12": (12, ("years", "year", "yrs", "yr", "年")),
    "pct": (1, ("percent", "per cent", "pct", "%", "％")),
    "eur": (1, ("€", "eur", "euros", "euro", "欧元", "歐元")),
    "usd": (1, ("us$", "usd", "$", "dollars", "dollar", "美元", "美金")),
    "cny": (1, ("¥", "￥", "cny", "rmb", "yuan", "元人民币", "人民币", "块钱", "元", "块")),
    "gbp": (1, ("£", "gbp", "pounds sterling", "英镑")),
    "hkd": (1, ("hk$", "hkd", "港币", "港元")),
    "twd": (1, ("nt$", "twd", "台币", "新台币")),
    "jpy": (1, ("jpy", "yen", "日元", "日圆")),
    "g": (1, ("grams", "gram", "g", "克")),
    "g*1000": (1000, ("kilograms", "kilogram", "kilos", "kilo", "kgs", "kg", "公斤", "千克")),
    "g*500": (500, ("斤",)),
    "lb": (1, ("lbs", "lb", "pounds", "pound", "磅")),
    "mm": (1, ("millimetres", "millimeters", "mm", "毫米")),
    "mm*10": (10, ("centimetres", "centimeters", "cm", "厘米", "公分")),
    "mm*1000": (1000, ("metres", "meters", "metre", "meter", "m", "米")),
    "mm*1000000": (1_000_000, ("kilometres", "kilometers", "km", "公里", "千米")),
    "in": (1, ("inches", "inch", "英寸")),
    "ml": (1, ("millilitres", "milliliters", "ml", "毫升")),
    "ml*1000": (1000, ("litres", "liters", "litre", "liter", "l", "升")),
    "b": (1, ("kb",)),
    "b*1000": (1000, ("mb", "兆")),
    "b*1000000": (1_000_000, ("gb",)),
    "w": (1, ("watts", "watt", "w", "瓦")),
    "w*1000": (1000, ("kw", "千瓦")),
    "v": (1, ("volts", "volt", "v", "伏")),
    "hz": (1, ("hz", "赫兹")),
    "mah": (1, ("mah", "毫安时", "毫安")),
    "lm": (1, ("lumens", "lumen", "lm", "流明")),
    "c": (1, ("°c", "degrees celsius", "摄氏度", "℃")),
    "f": (1, ("°f", "degrees fahrenheit", "华氏度", "℉")),
    "times": (1, ("times", "次")),
    "pieces": (1, ("items", "item", "pieces", "piece", "pcs", "件", "个", "個", "只", "台", "张", "份")),
    "people": (1, ("people", "persons", "person", "users", "user", "人", "位", "名")),
    "points": (1, ("points", "point", "积分", "分")),
}  # fmt: skip
_BY_NAME = {name: (key.split("*")[0], factor) for key, (factor, names) in _UNITS.items() for name in names}


def _pattern() -> str:
    names = sorted(_BY_NAME, key=len, reverse=True)
    escaped: list[str] = []
    for name in names:
        plain = name.replace(" ", r"\s").replace("$", r"\$")
        escaped.append(rf"(?i:{plain})(?![A-Za-z])" if name[-1].isascii() and name[-1].isalpha() else plain)
    return "(?:" + "|".join(escaped) + ")"


UNIT = _pattern()
"""Pattern of a unit behind a number."""


def measure(value: float, unit: str) -> str:
    """A number with its unit in one form: lengths of time in seconds, weights in grams, prices by currency."""
    name = " ".join(unit.lower().split())
    key, factor = _BY_NAME.get(name, ("", 1.0))
    plain = f"{value * factor:.4f}".rstrip("0").rstrip(".")
    return f"{plain}{BARE}{key}" if key else plain
