"""Everyday harmless talk with numbers in it, which public sets of messages lack: dates, times, prices, links, orders."""

from random import Random
from typing import Final

NAMES: Final = (
    "anna",
    "ben",
    "chen",
    "daisy",
    "farah",
    "gong",
    "hana",
    "ivan",
    "karim",
    "lena",
    "mei",
    "noor",
    "ping",
    "wei",
)
_MONTHS: Final = ("Jan", "February", "Mar", "April", "May", "June", "July", "Aug", "September", "Oct")
_DAYS: Final = ("Monday", "Tue", "Wednesday", "Thursday", "Fri", "Saturday", "Sunday")
_UNITS: Final = (
    "kg",
    "km",
    "GB",
    "MB",
    "ms",
    "m",
    "cm",
    "l",
    "pages",
    "people",
    "pieces",
    "boxes",
    "hours",
    "°C",
)
_ZONES: Final = ("CET", "UTC", "EST", "PST", "GMT", "JST")
_RENDERINGS: Final = 10

_ENGLISH: Final = """\
let's meet {date} {time}, {place}
the workshop on {date} starts at {time}
{name} is away from {date} to {date}
can we do {time} instead of {time}? {day} is full
deadline is {date}, {time} {zone}
moved to {day} {date}
{day} {time} {zone}, that is {time} {zone} for us
doctor at {time}, back around {time}
see you {day} at {time}
the train leaves at {time} from platform {small}
flight {code} lands {time}
bus {small} is late, there by {time}
version {version} is out since {date}
release {version} slipped to {date}, code review until {date}
job {order} failed after {small} of {small} steps
deploy {version} took {n} {unit}
commit {code} breaks the build
p95 is {n} ms, it was {n} ms before {version}
{n} of {n} tests pass on {version}
disk {place} is {pct} full
log says {time}:{small} connection refused on port {order}
error {code} when I upload a file of {n} {unit}
we had {n} sign-ups in {month}, {pct} more than in {month}
numbers for {month}: {n} visits, {n} orders, {pct} returns
results: {n} answered, {n} open, average {n}.{small} minutes
the budget is {price}, we spent {price} so far
rate of {date}: 1 EUR is 1.{small} USD
my total is {price} but the sheet says {price}
{price} per seat and month?
purchase order {order} is signed, goods go to {place}
quote {code} over {price} is valid until {date}
invoice {code} of {date} is not paid yet, {price}
please book {price} on cost centre {order}
{n} units by {date}, can you deliver?
the box is {n} x {n} x {n} cm and {small} kg
we need {n} {unit} more for {place}
my order {order} from {date} is not here
tracking {code}{order} has not moved since {day}
order {order} came without part {small}
parcel {order} was due {date} between {time} and {time}
return {order}: bought on {date}, size {small}, wrong colour
please change the address of {order} to {n} {name} road, {order}
my new address is {n} Hill Lane, flat {small}, ZIP {order}
refund {price} for {order}? it was cancelled {date}
I paid {price} on {date} and again on {date}
card ending {n} was charged {price}
is the {price} plan billed monthly?
voucher {code} gives an error
booking {order}: {small} nights from {date}, two people
table for {small} on {date} at {time}, name {name}
call me on {phone} between {time} and {time}
{name}'s extension is {n}, mobile {phone}
fax {phone}, room {n}
customer no. {order}, mail {name}@example.com, since {month}
serial {code}{order}, bought {month}, still under warranty?
contract {order} ends {date}, notice period {small} months
meter {order} reads {n} on {date}
rent is {price}, due {date}
homework: page {n}, exercises {small} to {small}
exam {date} {time}, hall {small}
chapter {small} has {n} pages
the test is {pct} of the grade
appointment {date} {time} with Dr {name}
{small} tablets a day for {n} days
we are {small} people for dinner, {time} ok?
game ended {small}:{small} after {n} minutes
film at {time}, seats {small} and {small}
bought {small} {unit} for {price}
{n} {unit} to go, battery at {pct}
it was {small} degrees at {time}
ticket {order} is for {name}, priority {small}
who takes the shift {date} to {date}?
payday is {date} this time
holiday from {date} until {date}, {n} days left
agenda {date}: 1. costs 2. plan {month} 3. questions
{link} gives 404 since {time}
slides: {link}
{name} wrote it down at {link}, point {small}
form: {link} until {date}
how long is {link} valid?
recording of {date}: {link}
set limit={n} and wait={small} in {link}
ping {ip} takes {n} ms
urgent: {place} is down since {time}, {n} customers wait
free desks on {day}: {small}, room {n}
did you claim the {price} from {date}?
won {small} of {small} games in {month}
call in number {phone}, pin {order}
warehouse {small}, shelf {code}, {n} left
I approved {order} for {price}
delivery {order} approved, {n} boxes
""".splitlines()
_CHINESE: Final = """\
{hdate}{htime}开会，{place}
培训{hdate}{htime}开始，别忘了
{name}从{hdate}到{hdate}不在
{htime}行吗？{htime}我有事
截止{hdate} {time}
改到下周{hday}（{small}/{small}）{htime}
周{hday}{time}见
{time}去医院，{time}左右回来
高铁{code}次{time}发车，{small}号站台
航班{code}，{time}到
{small}路车晚点，{time}能到
版本{version}{hdate}已发布
{version}延期到{hdate}，{hdate}前评审完
任务{order}跑到第{small}步挂了
{place}服务{time}挂过，{time}恢复
部署{version}花了{n}秒
昨晚{time}切库，{time}切回来
平均耗时{n}毫秒，上个版本{n}毫秒
{n}个用例过了{n}个
磁盘{pct}了，清理出{n}G
上传{n}M的文件报错{code}
导入{n}万行，第{n}行格式不对
{small}月注册{n}人，比{small}月多{pct}
{small}月数据：访问{n}，下单{n}，退货{pct}
预算{price}元，已经用了{price}元
{hdate}汇率6.{n}
合计{price}元，表里写的{price}元
每人每月{price}元吗？
采购单{order}签了，货送{place}
报价{code}共{price}元，{hdate}前有效
发票{code}{price}元还没付
这笔{price}元记到成本中心{order}
{hdate}前要{n}件，能交吗？
箱子{n}x{n}x{n}，{small}公斤
{place}还差{n}个
订单{order}，{hdate}下的，还没发
单号{code}{order}从周{hday}起没动静
订单{order}少发了{small}件
包裹{order}说{hdate}{time}到{time}送
退货{order}，{hdate}买的，尺码{small}不对
{order}的地址改成{name}路{n}号{small}栋{n}
新地址：建设街{n}号{n}室，邮编{order}
{order}取消了，{price}元什么时候退？
{hdate}扣了{price}元，{hdate}又扣{price}元
尾号{n}的卡扣了{price}元
{price}元的套餐是按月收吗？
券码{code}提示已失效
订房{order}，{hdate}入住{small}晚
{hdate}{time}订{small}人桌，姓王
{time}到{time}打我电话{phone}
分机{n}，手机{phone}
客户号{order}，邮箱{name}@example.com
序列号{code}{order}，{small}月买的，还保修吗？
合同{order}到{hdate}，提前{small}个月通知
水表{order}读数{n}
房租{price}元，{hdate}交
作业：第{n}页第{small}到{small}题
{hdate}{time}考试，{small}号教室
第{small}章{n}页
占总分{pct}
{hdate}{time}挂了{name}医生的号
一天{small}次，吃{n}天
{small}个人吃饭，{time}行吗？
{small}比{small}，踢了{n}分钟
电影{time}，{small}排{small}座
买了{small}斤，{price}元
还有{n}公里，电量{pct}
{time}的时候{small}度
工单{order}给{name}，优先级{small}
{hdate}到{hdate}谁值班？
这次{hdate}发工资
{hdate}到{hdate}休假，还剩{n}天
{hdate}议程：1. 费用 2. {small}月计划 3. 问题
{link} 从{time}开始打不开
幻灯片：{link}
{name}写在 {link} 第{small}条
表格 {link}，{hdate}前填
{hdate}的录像 {link}
limit设{n}，等{small}秒，见 {link}
ping {ip} 要{n}毫秒
急：{place}{time}起报错，{n}个客户在等
周{hday}空位：{small}号，{n}室
{hdate}那笔{price}元报销了吗？
仓库{small}，货架{code}，剩{n}个
{order}批了，{price}元
停车{small}小时{price}元
快递柜{small}号，取件码{n}
孩子{time}下课，{time}去接
师傅{hday}{htime}到{time}上门修
维修工单{order}，师傅周{hday}{time}来
{n}、{n}号不上班，{n}号恢复
体检{hdate}{time}，空腹
电费{price}元，用了{n}度
报名{n}人，{place}坐得下吗？
{small}号楼{n}室漏水，{time}报的
""".splitlines()


def everyday(random: Random) -> list[str]:
    """Each sentence some times, with other dates, times and numbers in it; some with a second sentence behind."""
    found: list[str] = []
    for sentences, join, ends in (
        (_ENGLISH, ". ", ("", "", ".", "!", "?")),
        (_CHINESE, "，", ("", "", "。", "！")),
    ):
        for sentence in sentences * _RENDERINGS:
            said = _filled(sentence, random)
            if random.random() < 0.2:
                said += join + _filled(random.choice(sentences), random)
            if random.random() < 0.5:
                said = said[0].upper() + said[1:]
            found.append(said + random.choice(ends))
    return found


def _filled(sentence: str, random: Random) -> str:
    """The sentence with a value in each place."""
    first, *pieces = sentence.split("{")
    places = (piece.partition("}") for piece in pieces)
    return first + "".join(random.choice(_values(random)[kind]) + rest for kind, _, rest in places)


def _values(random: Random) -> dict[str, tuple[str, ...]]:
    """Some ways to write each kind of value."""
    low, high, month = random.randrange(1, 13), random.randrange(1, 29), random.choice(_MONTHS)
    year, name, clock = random.randrange(2019, 2030), random.choice(NAMES), f"{random.randrange(60):02d}"
    local, mobile = f"{random.randrange(10**8):08d}", f"13{random.randrange(10**9):09d}"
    iso = f"{year}-{low:02d}-{high:02d}"
    return {
        "small": (str(random.randrange(1, 60)),),
        "n": (str(random.randrange(2, 10 ** random.randrange(2, 5))), f"{high},{random.randrange(1000):03d}"),
        "pct": (f"{random.randrange(1, 100)}%", f"{high}.{low} %"),
        "order": (str(random.randrange(10**4, 10 ** random.randrange(5, 13))),),
        "code": tuple(
            f"{head}{random.randrange(10, 10**6)}" for head in ("A", "SF", "INV-", "G", "LH", "RMA", "0x")
        ),
        "version": (f"{low % 9}.{high}.{low}", f"v{low}.{high}", f"{year}.{low}"),
        "price": (f"{high * 31}.{clock}", str(random.randrange(3, 20000)), f"{low},{high * 7:03d}"),
        "phone": (f"+44 20 {local}", f"555-{local[:4]}", mobile, f"0{high + 9}-{local}"),
        "name": NAMES,
        "unit": _UNITS,
        "zone": _ZONES,
        "day": _DAYS,
        "hday": tuple("一二三四五六日"),
        "month": _MONTHS,
        "place": (f"room {low}.{high}", f"B{low}", f"{high * 10 + low}", f"db-{low:02d}"),
        "ip": (f"10.{low}.{high}.{high * 9}", f"192.168.{low}.{high}"),
        "time": (f"{low + 8}:{clock}", f"{low:02d}:{clock}", f"{low} pm", f"{low}:30am"),
        "htime": (f"上午{low}点", f"下午{low % 6 + 1}点半", f"{low + 8}:{clock}", f"{low}点{high}分"),
        "date": (
            iso,
            f"{high} {month}",
            f"{month} {high}",
            f"{low}/{high}",
            f"{low:02d}/{high:02d}/{year}",
            f"the {high}th",
        ),
        "hdate": (iso, f"{year}年{low}月{high}日", f"{low}月{high}号", f"{high}号", f"{low}/{high}"),
        "link": (
            f"https://docs.example.com/{name}/{high}",
            f"https://git.example.org/pull/{high * 37}",
            f"www.example.net/{name}?id={high * 4219}",
            f"http://localhost:80{high:02d}/{month.lower()}",
        ),
    }
