"""Train the shipped spam model and write it with its card.

Run from the top of the checkout: `python scripts/train_spam.py [--data ../shared/data]`. The same data and
numpy give the same model. Takes a few minutes and 2 GB on one core.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / folder) for folder in ("agents", "scripts")]

from spam_card import write_card  # noqa: E402

from myna_agents.moderation import features  # noqa: E402
from myna_agents.moderation.attack import CHINESE, ENGLISH, Disguise, disguised  # noqa: E402
from myna_agents.moderation.corpora import Example, Part, examples  # noqa: E402
from myna_agents.moderation.linear import LinearModel  # noqa: E402
from myna_agents.moderation.normalise import normalise  # noqa: E402

MODEL = ROOT / "agents" / "myna_agents" / "moderation" / "model"
BITS = 19
PENALTY = 2e-7
STEPS = 120
SEED = 20
BASE_RATE = 0.1  # of the messages that a community sees, for calibration
WEIGHT = {
    "sms_en": 6.0,
    "sms_zh": 1.0,
    "group_zh": 1.0,
    "customers": 1.0,
    "forum_zh": 0.5,
    "prose_en": 0.5,
    "contact": 1.0,
}

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


@dataclass(frozen=True, slots=True)
class Rows:
    """Messages as a sparse matrix in rows; every entry of a row is 1 / sqrt(length of the row)."""

    slots: NDArray[np.int32]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def scores(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.add.reduceat(weights[self.slots], self.starts) / np.sqrt(self.lengths)

    def gradient(self, pull: NDArray[np.float64], size: int) -> NDArray[np.float64]:
        shares = np.repeat(pull / np.sqrt(self.lengths), self.lengths)
        return np.bincount(self.slots, weights=shares, minlength=size).astype(np.float64, copy=False)


def rows(texts: list[str]) -> Rows:
    parts = [features.slots(normalise(text[:400]), BITS) for text in texts]
    lengths = np.array([len(part) for part in parts], dtype=np.int64)
    return Rows(np.concatenate(parts), np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)


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


def disguise_for(text: str, random: Random) -> Disguise:
    chinese = any("\u3400" <= char <= "\u9fff" for char in text)
    return random.choice(CHINESE if chinese else ENGLISH)


def augmented(found: list[Example], random: Random) -> list[Example]:
    """Disguised copies: two or three of each spam and one of every third harmless text, so that a disguise
    alone does not decide."""
    copies = []
    for example in found:
        count = (2 if example.corpus == "group_zh" else 3) if example.spam else int(random.random() < 0.35)
        for _ in range(count):
            text = disguised(
                example.text, disguise_for(example.text, random), random.uniform(0.1, 1.0), random
            )
            if random.random() < 0.2:
                text = disguised(text, disguise_for(text, random), random.uniform(0.1, 0.6), random)
            copies.append(Example(text, example.spam, example.corpus))
    return copies


def fit(
    data: Rows, spam: NDArray[np.bool_], importance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Weights and bias of least logistic loss with an L2 penalty, by limited-memory BFGS.

    Two-loop recursion and backtracking: Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 3.1.
    """
    size = (1 << BITS) + features.META_SLOTS
    sign, importance = np.where(spam, 1.0, -1.0), importance / importance.sum()

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (data.scores(point[:-1]) + point[-1])
        value = float(importance @ np.logaddexp(0, -margin)) + PENALTY / 2 * float(point[:-1] @ point[:-1])
        pull = -sign * importance * np.exp(-np.logaddexp(0, margin))
        slope = np.append(data.gradient(pull, size) + PENALTY * point[:-1], pull.sum())
        return value, slope

    point = np.zeros(size + 1)
    value, slope = loss(point)
    past: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for step in range(STEPS):
        way = direction(slope, past)
        length, drop = (1.0 if past else 1.0 / float(np.linalg.norm(slope))), float(way @ slope)
        while True:
            following = point + length * way
            new_value, new_slope = loss(following)
            if new_value <= value + 1e-4 * length * drop or length < 1e-9:
                break
            length /= 2
        past = [*past[-9:], (following - point, new_slope - slope)]
        done = value - new_value < 1e-7 * value
        point, value, slope = following, new_value, new_slope
        if step % 10 == 0 or done:
            print(f"step {step}: loss {value:.5f}", flush=True)
        if done:
            break
    return point[:-1], float(point[-1])


def direction(
    slope: NDArray[np.float64], past: list[tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> NDArray[np.float64]:
    way, taken = -slope, []
    for move, change in reversed(past):
        share = float(move @ way) / float(move @ change)
        way = way - share * change
        taken.append(share)
    if past:
        move, change = past[-1]
        way = way * (float(move @ change) / float(change @ change))
    for (move, change), share in zip(past, reversed(taken), strict=True):
        way = way + (share - float(change @ way) / float(move @ change)) * move
    return way


def quantised(weights: NDArray[np.float64], bias: float) -> LinearModel:
    """Weights in 8 bits; the largest in a hundred thousand are clipped so that the small ones keep their
    digits."""
    scale = float(np.quantile(np.abs(weights), 1 - 1e-5)) / 127
    small = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
    return LinearModel(weights=small, scale=scale, bias=bias, slope=1.0, offset=0.0, bits=BITS)


def calibrated(model: LinearModel, found: list[Example]) -> LinearModel:
    """The model with slope and offset fitted by Newton's method on texts kept out of training, at BASE_RATE
    spam."""
    table = model.weights.astype(np.float64) * model.scale
    score = rows([example.text for example in found]).scores(table) + model.bias
    spam = np.array([example.spam for example in found])
    importance = np.where(spam, BASE_RATE / spam.sum(), (1 - BASE_RATE) / (~spam).sum())
    design, point = np.stack((score, np.ones_like(score))), np.array([1.0, 0.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-(point @ design)))
        curve = (design * (importance * chance * (1 - chance))) @ design.T
        point = point - np.linalg.solve(curve, design @ (importance * (chance - spam)))
    return LinearModel(model.weights, model.scale, model.bias, float(point[0]), float(point[1]), model.bits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    folder = parser.parse_args().data
    random, parts = Random(SEED), examples(folder)
    train = parts[Part.TRAIN] + contact_examples(random)
    train += augmented(train, random)
    print(f"{len(train)} texts to train on", flush=True)
    spam = np.array([example.spam for example in train])
    importance = np.array([WEIGHT[example.corpus] for example in train])
    weights, bias = fit(rows([example.text for example in train]), spam, importance)
    kept = parts[Part.CALIBRATE]
    model = calibrated(quantised(weights, bias), kept + augmented(kept, random)[::3])
    MODEL.mkdir(exist_ok=True)
    model.save(MODEL / "spam.npz")
    write_card(model, parts, MODEL, trained_on=len(train))


if __name__ == "__main__":
    main()
