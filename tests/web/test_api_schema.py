"""The API matches its OpenAPI description: schemathesis sends valid and invalid requests."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from sutja.data.dataset import load_dataset
from sutja.web.app import create_app
from sutja.web.table_schemas import JPEG_FORMAT
from tests.waiting import HANG_SECONDS

from .serving import draw, encode, patient_settings, serving

EXAMPLES = 12  # requests per endpoint and kind
TABLES, TABLE_EXAMPLES = "/api/tables", 3  # requests with tables are large, and slow to make up


def pictures() -> list[bytes]:
    """Pictures for the binary fields: JSON Schema cannot describe them."""
    images = load_dataset().test.images
    drawn = [draw(images[:1]), draw(images[1:3]), np.full((30, 20), 200, np.uint8), images[3]]
    return [encode(picture, suffix) for picture in drawn for suffix in (".png", ".jpg", ".webp")]


PICTURES = st.deferred(lambda: st.sampled_from(pictures()))
for kind in ("image/*", "application/octet-stream"):
    schemathesis.openapi.media_type(kind, PICTURES)
schemathesis.openapi.format("binary", PICTURES)
JPEG = base64.b64encode(encode(np.full((44, 60), 90, np.uint8), ".jpg")).decode()
schemathesis.openapi.format(JPEG_FORMAT, st.just(JPEG))


FOLDER = Path(tempfile.gettempdir()) / f"sutja-described-{os.getpid()}"  # created with the first correction
APP = create_app(patient_settings(FOLDER))
described = schemathesis.openapi.from_dict(APP.openapi())


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(APP) as address:
        yield address
    shutil.rmtree(FOLDER, ignore_errors=True)


@described.exclude(path=TABLES).parametrize()
@settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck))
def test_responses_match_the_openapi_description(case: schemathesis.Case[Any], address: str) -> None:
    case.call_and_validate(base_url=address, timeout=HANG_SECONDS)


@described.include(path=TABLES).parametrize()
@settings(max_examples=TABLE_EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck))
def test_responses_to_tables_match_the_openapi_description(case: schemathesis.Case[Any], address: str) -> None:
    case.call_and_validate(base_url=address, timeout=HANG_SECONDS)
