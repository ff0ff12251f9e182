"""Train the shipped models of spam and of offensive language and write them with their card.

Run from the top of the checkout: `python scripts/train_spam.py [--data ../shared/data]`. The same data and numpy give
the same bytes. Takes about ten minutes and 3 GB on one core.
"""

import argparse
import sys
import zlib
from pathlib import Path
from random import Random

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / folder) for folder in ("agents", "scripts")]

from spam_card import write_card  # noqa: E402

from myna_agents.moderation.corpora import Part, examples, fingerprint, offensive  # noqa: E402
from myna_agents.moderation.linear import LinearModel  # noqa: E402
from myna_agents.moderation.training import Example, Rows, curves, fit, quantised, with_disguises  # noqa: E402

MODEL = ROOT / "agents" / "myna_agents" / "moderation" / "model"
BITS = 20
SEED = 20
FILLERS = ("customers", "forum_zh", "prose_en")
"""Harmless texts of which a quarter is enough: more of them costs recall on what looks like them."""
WEIGHT = {"sms_en": 6.0, "forum_zh": 0.5, "prose_en": 0.5}

CONTACT = (
    "my phone number is {phone}, please call me back",
    "you can reach me at {phone} after 5pm",
    "my email is {name}@example.com and the order is {order}",
    "order {order} still has not arrived, tracking says {order}",
    "the page https://shop.example.com/{name}/{order} gives me a 404",
    "I get an error on https://www.example.org/account?id={order}, can you look?",
    "can you look at www.example.net/help/{name} for me",
    "see https://docs.example.org/{name} for how to do it",
    "please send the invoice to {name}@example.org",
    "my name is {name} and my account number is {order}",
    "refund for {order} please, I paid {price}",
    "is {price} the full price with shipping?",
    "@{name} can you review my change https://git.example.com/{name}/pull/{small}",
    "hi {name}, meeting at 10 tomorrow, dial {phone}",
    "我的手机号是{phone}，请给我回电话",
    "我的电话{phone}，麻烦联系我一下",
    "订单号{order}，什么时候发货？",
    "订单{order}还没收到，物流单号{order}",
    "我的邮箱是{name}@example.com，发票发到这里",
    "这个页面 https://shop.example.com/{name}/{order} 打不开",
    "打开 https://www.example.org/pay?id={order} 提示错误",
    "可以加微信联系客服吗？",
    "你们的客服微信号是多少？",
    "请问可以开发票吗？金额{price}",
    "付了{price}元，申请退款，订单{order}",
    "@{name} 看一下 https://git.example.com/{name}/pull/{small}",
    "{price}元包邮吗？",
    "收货地址改成人民路{small}号，电话{phone}",
)
NAMES = (
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


def contact_examples(random: Random) -> list[Example]:
    """Harmless messages with phone numbers, addresses and links, which the public sets lack."""
    found = []
    for template in CONTACT * 40:
        text = template.format(
            phone=random.choice(("1{:010d}", "+44 20 {:08d}", "555-{:07d}")).format(random.randrange(10**7)),
            name=random.choice(NAMES),
            order=random.randrange(10**5, 10**10),
            price=random.choice(("${}", "{}", "¥{}", "{} EUR")).format(random.randrange(5, 2000)),
            small=random.randrange(1, 500),
        )
        found.append(Example(text, spam=False, corpus="contact"))
    return found


def copies(example: Example) -> float:
    """How many disguised copies of a text are trained on."""
    if example.spam:
        return 2.0 if example.corpus == "group_zh" else 3.0
    return 0.3 if example.corpus in FILLERS else 0.5


def chosen(found: list[Example]) -> list[Example]:
    """The texts without three quarters of the fillers, by a hash."""
    return [
        example
        for example in found
        if example.corpus not in FILLERS
        or zlib.crc32(fingerprint(example.text).encode("utf-8", "replace")[::-1]) % 4 == 0
    ]


def trained(found: list[Example], bits: int, penalty: float) -> LinearModel:
    """A model of the examples and of disguised copies of them, without its curves."""
    texts = with_disguises(found, Random(SEED), copies)
    print(f"{len(texts)} texts to train on", flush=True)
    spam = np.array([example.spam for example in texts])
    importance = np.array([WEIGHT.get(example.corpus, 1.0) for example in texts])
    return quantised(
        *fit(Rows.of([example.text for example in texts], bits), spam, importance, bits, penalty), bits
    )


def made(
    train: list[Example], develop: list[Example], bits: int, penalty: float
) -> tuple[LinearModel, LinearModel]:
    """The model of both parts, and the one of `train` alone, whose curves on `develop` both have."""
    half = trained(train, bits, penalty)
    english, chinese = curves(half, develop, np.ones(len(develop)))
    whole = trained(train + develop, bits, penalty)
    return (
        LinearModel(whole.weights, whole.scale, whole.bias, english, chinese, bits),
        LinearModel(half.weights, half.scale, half.bias, english, chinese, bits),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    folder = parser.parse_args().data
    MODEL.mkdir(exist_ok=True)
    parts = {
        part: chosen(found) if part is not Part.TEST else found for part, found in examples(folder).items()
    }
    parts[Part.TRAIN] += contact_examples(Random(SEED))
    spam, _ = made(parts[Part.TRAIN], parts[Part.DEVELOP], BITS, 2e-7)
    spam.save(MODEL / "spam.npz")
    rude = offensive(folder)
    abuse, _ = made(rude[Part.TRAIN], rude[Part.DEVELOP], BITS - 1, 1e-6)
    abuse.save(MODEL / "offensive.npz")
    write_card(spam, parts, abuse, rude, MODEL)


if __name__ == "__main__":
    main()
