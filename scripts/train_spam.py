"""Train the shipped models of spam and of offensive language and write them with their card.

Run from the top of the checkout: `python scripts/train_spam.py [--data ../shared/data]`. The same data and numpy give
the same bytes; with `--check` it trains into a temporary folder and says whether the bytes are those that are shipped.
Takes about ten minutes and 3 GB on one core.
"""

import argparse
import os
import sys
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from random import Random

# Sums are added up in another order by another number of threads, and come out otherwise in the last digit.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / folder) for folder in ("agents", "scripts")]

from everyday import NAMES, everyday  # noqa: E402
from spam_card import digest, write_card  # noqa: E402

from myna_agents.moderation.corpora import Part, examples, fingerprint, offensive  # noqa: E402
from myna_agents.moderation.linear import Curve, LinearModel, is_chinese  # noqa: E402
from myna_agents.moderation.normalise import normalise  # noqa: E402
from myna_agents.moderation.training import (  # noqa: E402
    Example,
    Rows,
    Spared,
    Vector,
    centred,
    curves,
    evidence,
    fit,
    quantised,
    with_disguises,
)

MODEL = ROOT / "agents" / "myna_agents" / "moderation" / "model"
NAMES_OF_MODELS = ("spam.npz", "offensive.npz")
BITS = 20
TEXT_CHARS = 400
SPARED = Spared(frozenset({"customers", "help"}), flag_at=0.3, flagged=0.002, held=0.001)
"""Less of other harmless texts may be held than of service talk put up for review: a person waits for what is held."""
SEED = 20
FILLERS = ("customers", "questions_zh", "forum_zh")
"""Harmless texts of which a quarter is enough: more of them costs recall on what looks like them."""
WEIGHT = {"sms_en": 6.0, "sms_zh": 3.0, "forum_zh": 0.5, "prose_en": 0.5, "prose_zh": 0.5}

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
    return 0.5 if example.corpus in {"sms_en", "sms_zh", "group_zh", "contact"} else 0.3


def chosen(found: list[Example]) -> list[Example]:
    """The texts without three quarters of the fillers, by a hash."""
    return [
        example
        for example in found
        if example.corpus not in FILLERS
        or zlib.crc32(fingerprint(example.text).encode("utf-8", "replace")[::-1]) % 4 == 0
    ]


def described(found: list[Example], seed: int, bits: int) -> tuple[Rows, list[Example]]:
    """The examples and disguised copies of them, and as rows."""
    texts = with_disguises(found, Random(seed), copies)
    print(f"{len(texts)} texts", flush=True)
    return Rows.of([example.text for example in texts], bits), texts


Fitted = tuple[Vector, float]


def trained(
    rows: Rows, texts: list[Example], bits: int, penalty: float, begun: Sequence[Fitted] = ()
) -> list[Fitted]:
    """Two fits of the rows: one in which all weights cost the same, and one in which the telling ones are cheap."""
    spam = np.array([example.spam for example in texts])
    importance = np.array([WEIGHT.get(example.corpus, 1.0) for example in texts])
    found: list[Fitted] = []
    for place, scale in enumerate((1.0, evidence(rows, spam, importance, bits))):
        start = begun[place] if begun else None
        found.append(fit(rows, spam, importance, bits, penalty, scale=scale, start=start))
        print("fitted", flush=True)
    return found


def mean_of(found: Sequence[Fitted], rows: Rows, bits: int) -> LinearModel:
    """The mean of the fits, each by how far its scores spread, as one model: errors of the one are few in the other."""
    spread = [float(rows.scores(weights).std()) for weights, _ in found]
    weights = sum((weights / width for (weights, _), width in zip(found, spread, strict=True)), np.zeros(1))
    return quantised(weights, sum(bias / width for (_, bias), width in zip(found, spread, strict=True)), bits)


def at_best_f1(half: LinearModel, develop: list[Example], found: tuple[Curve, Curve]) -> tuple[Curve, Curve]:
    """The curves for texts without and with Chinese, moved to where the development part is told apart best."""
    moved: list[Curve] = []
    for chinese, curve in enumerate(found):
        part = [example for example in develop if is_chinese(example.text) == bool(chinese)]
        scores = np.array([half.score(normalise(example.text[:TEXT_CHARS])) for example in part])
        spam = np.array([example.spam for example in part])
        moved.append(centred(curve, scores, spam, [each.corpus for each in part], SPARED))
    print(found, moved, flush=True)
    return moved[0], moved[1]


def made(
    train: list[Example], develop: list[Example], bits: int, penalty: float
) -> tuple[LinearModel, LinearModel]:
    """The model of both parts, and the one of `train` alone, whose curves on `develop` both have."""
    rows, texts = described(train, SEED, bits)
    begun = trained(rows, texts, bits, penalty)
    half = mean_of(begun, rows, bits)
    english, chinese = curves(half, develop, np.ones(len(develop)))
    if any(example.corpus in FILLERS for example in develop):
        english, chinese = at_best_f1(half, develop, (english, chinese))
    more, others = described(develop, SEED + 1, bits)
    rows = rows.joined(more)
    whole = mean_of(trained(rows, texts + others, bits, penalty, begun), rows, bits)
    return (
        LinearModel(whole.weights, whole.scale, whole.bias, english, chinese, bits),
        LinearModel(half.weights, half.scale, half.bias, english, chinese, bits),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--check", action="store_true", help="only compare with what is shipped")
    options = parser.parse_args()
    if not options.check:
        train_into(MODEL, options.data)
        return
    with tempfile.TemporaryDirectory() as made:
        train_into(Path(made), options.data, card=False)
        same = [digest(Path(made) / name) == digest(MODEL / name) for name in NAMES_OF_MODELS]
    print("the same bytes" if all(same) else "other bytes")
    sys.exit(0 if all(same) else 1)


def train_into(target: Path, folder: Path, *, card: bool = True) -> None:
    """Train both models on the texts under `folder` and write them, with their card."""
    parts = {
        part: chosen(found) if part is not Part.TEST else found for part, found in examples(folder).items()
    }
    parts[Part.TRAIN] += contact_examples(Random(SEED))
    parts[Part.TRAIN] += [Example(text, spam=False, corpus="everyday") for text in everyday(Random(SEED + 2))]
    spam, _ = made(parts[Part.TRAIN], parts[Part.DEVELOP], BITS, 2e-7)
    spam.save(target / "spam.npz")
    rude = offensive(folder)
    abuse, _ = made(rude[Part.TRAIN], rude[Part.DEVELOP], BITS - 1, 1e-6)
    abuse.save(target / "offensive.npz")
    for name in NAMES_OF_MODELS:
        print(name, digest(target / name), flush=True)
    if card:
        write_card(spam, parts, abuse, rude, target)


if __name__ == "__main__":
    main()
