"""How people ask in general: what all questions of a language have in common, by the embedder in use."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping

import numpy as np

from myna_knowledge.ports import Embedder
from myna_knowledge.vectors import Vectors

log = logging.getLogger(__name__)

EMBED_TIMEOUT_S = 8.0
REMEMBERED = 512
"""Newest questions whose vectors are kept (1.5 kB each): a gap is sorted, and a suggestion made, by what was just asked."""

GENERAL: Mapping[str, tuple[str, ...]] = {
    "en": (
        "How do I contact you?",
        "Where is my order?",
        "Can I change my password?",
        "What does it cost?",
        "Is it possible to cancel?",
        "Do you have this in another colour?",
        "When do you open on Sundays?",
        "I need help with my account.",
        "Why was my payment declined?",
        "Who can I speak to about a complaint?",
        "how long does it take",
        "is there a discount for students",
        "What is the capital of Australia?",
        "How do I bake bread?",
        "Tell me a joke.",
        "How does photosynthesis work?",
    ),
    "zh": (
        "怎么联系你们？",
        "我的订单到哪了？",
        "怎么修改密码？",
        "多少钱？",
        "可以取消吗？",
        "有别的颜色吗？",
        "周日几点开门？",
        "账号登录不了怎么办",
        "为什么付款失败了",
        "投诉找谁",
        "要等多久",
        "学生有优惠吗",
        "法国的首都是哪里？",
        "红烧肉怎么做好吃？",
        "讲个笑话给我听",
        "恐龙是怎么灭绝的？",
    ),
}
"""How people ask in general, to know what all questions of a language have in common."""


class Asking:
    """Embeds questions, each within `EMBED_TIMEOUT_S`, and knows their common part."""

    def __init__(self, embedder: Embedder | None) -> None:
        self.embedder = embedder
        self._common: dict[str, Vectors] = {}
        self._known: OrderedDict[str, Vectors] = OrderedDict()

    async def vector(self, question: str) -> Vectors | None:
        """The question's vector as it comes; None without an embedder or when it fails."""
        if self.embedder is None or not question.strip():
            return None
        if (known := self._known.get(question)) is not None:
            self._known.move_to_end(question)
            return known
        try:
            async with asyncio.timeout(EMBED_TIMEOUT_S):
                vector = await self.embedder.embed_query(question)
        except Exception:
            log.exception("The embedder failed; the question is answered by words alone")
            return None
        self._known[question] = vector
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return vector

    async def common(self, lang: str) -> Vectors | None:
        """The mean of general questions in a language (English for those unknown here), embedded once per process."""
        lang = lang if lang in GENERAL else "en"
        if lang not in self._common:
            vectors = [await self.vector(question) for question in GENERAL[lang]]
            known = [vector for vector in vectors if vector is not None]
            if len(known) < len(vectors):
                return None
            self._common[lang] = np.stack(known).mean(axis=0)
        return self._common[lang]
