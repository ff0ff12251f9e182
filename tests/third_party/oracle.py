"""Validates what the server gave against aiogram's models: lines of {"method": …, "body": …} on standard input.

Prints what is wrong, one problem a line.
"""

import json
import sys

from aiogram import methods
from aiogram.methods import Response
from aiogram.types import Update
from pydantic import TypeAdapter, ValidationError

by_name = {
    name.lower(): each
    for each in vars(methods).values()
    if isinstance(name := getattr(each, "__api_method__", None), str)
}
for line in sys.stdin:
    given = json.loads(line)
    try:
        if given["method"] == "update":
            Update.model_validate(given["body"])
        else:
            kind = by_name[given["method"].lower()]
            TypeAdapter(Response[kind.__returning__]).validate_python(given["body"])
    except ValidationError as wrong:
        print(
            given["method"],
            "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong.errors()[:3]),
        )
