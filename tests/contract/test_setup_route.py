"""The first step of a new workspace, over HTTP."""

import httpx
import pytest

from myna_knowledge.api.setup import slug
from support import myna_server


def test_a_workspace_is_set_up_once_by_an_administrator(tmp_path_factory: pytest.TempPathFactory) -> None:
    with myna_server.serve(tmp_path_factory.mktemp("setup")) as server:
        operator = {"Authorization": f"Bearer {myna_server.sign_in(server)}"}
        with httpx.Client(base_url=f"{server.url}/v1", timeout=30) as http:
            assert http.post("/setup", json={"name": "Blue Bike"}).status_code == 401
            assert http.post("/setup", json={"name": "  "}, headers=operator).status_code == 400
            made = http.post("/setup", json={"name": "Blue Bike", "agent": "Bo"}, headers=operator)
            assert made.status_code == 201
            assert made.json()["inbox"] == "blue-bike"
            again = http.post("/setup", json={"name": "Other"}, headers=operator)
            assert (again.status_code, again.json()["code"]) == (409, "already_set_up")
            inbox = http.get("/inboxes/blue-bike").json()
            assert (inbox["name"], inbox["agent"]["name"]) == ("Blue Bike", "Bo")
            bases = http.get("/knowledge-bases", headers=operator).json()["bases"]
            assert [each["id"] for each in bases] == [made.json()["base"]]
            visitor = http.post("/visitors", json={"inbox": "blue-bike"}).json()["access_token"]
            refused = http.post(
                "/setup", json={"name": "Mine"}, headers={"Authorization": f"Bearer {visitor}"}
            )
            assert refused.status_code == 403


def test_a_name_becomes_a_key_for_addresses() -> None:
    assert slug("Blue Bike & Sons!") == "blue-bike-sons"
    assert slug("蓝色自行车") == "desk"
