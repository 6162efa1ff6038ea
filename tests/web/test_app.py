"""Responses of the server to valid and invalid requests, over a real connection."""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import re
import socket
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import httpx
import numpy as np
import pytest

from sutja import __version__
from sutja.data.dataset import Dataset
from sutja.web.app import create_app
from sutja.web.headers import SECURITY_HEADERS
from sutja.web.same_origin import host_name, is_loopback, server_names
from tests.waiting import HANG_SECONDS

from .serving import PROBLEM, draw, encode, get, is_problem, patient_settings, post, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "corrections"


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    app = create_app(patient_settings(folder))

    @app.get("/fault", include_in_schema=False)
    async def fault() -> None:
        raise RuntimeError("secret")

    with serving(app) as address, httpx.Client(base_url=address, timeout=HANG_SECONDS) as client:
        yield client


@pytest.fixture(scope="module")
def picture(mnist: Dataset) -> bytes:
    """The test digits 7, 2 and 1, drawn side by side."""
    return encode(draw(mnist.test.images[:3]))


def read(client: httpx.Client, content: bytes, kind: str = "image/png", address: str = "/api/read") -> httpx.Response:
    return client.post(address, content=content, headers={"content-type": kind})


def test_a_picture_is_read(client: httpx.Client, picture: bytes) -> None:
    answer = read(client, picture)
    reading = answer.json()
    assert (answer.status_code, reading["text"], reading["file"]) == (200, "721", "")
    assert (reading["width"], reading["height"]) == (280, 168)
    (number,) = reading["lines"][0]["numbers"]
    assert (number["text"], number["kind"], number["value"], number["handwritten"]) == ("721", "integer", "721", True)
    left, top, width, height = number["digits"][0]["box"]
    assert 56 <= left < left + width <= 112 and 56 <= top < top + height <= 112
    assert number["box"][0] == left and number["box"][2] > 2 * width
    assert set(number["digits"][0]) == {"digit", "guess", "confidence", "box"}
    assert re.fullmatch(r"wait;dur=[0-9.]+, read;dur=[0-9.]+", answer.headers["server-timing"])


def test_a_form_and_a_body_of_any_type_are_read_alike(client: httpx.Client, picture: bytes) -> None:
    raw = read(client, picture).json()
    assert read(client, picture, "application/octet-stream").json() == raw
    assert read(client, picture, "image/whatever; a=b").json() == raw
    form = client.post("/api/read", files={"picture": ("my digits.png", picture, "image/png")})
    assert form.json() == {**raw, "file": "my digits.png"}


def test_no_quarter_turns_are_tried_of_an_upright_picture(client: httpx.Client, picture: bytes, mnist: Dataset) -> None:
    sideways = encode(np.rot90(draw(mnist.test.images[:3])))
    as_it_is, turned = (read(client, each, address="/api/read").json() for each in (picture, sideways))
    assert turned["text"] == as_it_is["text"]
    assert read(client, sideways, address="/api/read?upright=true").json()["text"] != as_it_is["text"]
    assert read(client, picture, address="/api/read?upright=true").json()["text"] == as_it_is["text"]


def test_detail_adds_network_inputs_and_probabilities(client: httpx.Client, picture: bytes, mnist: Dataset) -> None:
    reading = read(client, picture, address="/api/read?detail=true").json()
    digits = reading["lines"][0]["numbers"][0]["digits"]
    for label, digit in zip((7, 2, 1), digits, strict=True):
        image = np.frombuffer(base64.b64decode(digit["image"]), np.uint8)
        assert image.shape == (784,) and image.max() > 200
        assert len(digit["probabilities"]) == 10 and int(np.argmax(digit["probabilities"])) == label
    explained = client.post("/api/saliency", json={"image": digits[0]["image"]}).json()
    assert int(np.argmax(explained["probabilities"])) == 7
    saliency = np.frombuffer(base64.b64decode(explained["saliency"]), np.int8)
    assert saliency.shape == (784,) and saliency.max() > 0


def test_an_empty_page_is_not_an_error(client: httpx.Client) -> None:
    reading = read(client, encode(np.full((200, 300), 255, np.uint8))).json()
    assert (reading["text"], reading["lines"], reading["width"], reading["height"]) == ("", [], 300, 200)


def test_boxes_and_sizes_are_those_of_the_upright_picture(client: httpx.Client, picture: bytes) -> None:
    upright = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    lying = encode(np.ascontiguousarray(np.rot90(np.asarray(upright, np.uint8))))
    exif = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + b"\0\0\0\0"
    chunk = struct.pack(">I", len(exif)) + b"eXIf" + exif + struct.pack(">I", zlib.crc32(b"eXIf" + exif))
    reading = read(client, lying[:33] + chunk + lying[33:]).json()
    assert (reading["text"], reading["width"], reading["height"]) == ("721", 280, 168)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "application/x-www-form-urlencoded", "", "imagepng"]
)
def test_other_content_types_are_refused(client: httpx.Client, picture: bytes, kind: str) -> None:
    is_problem(read(client, picture, kind), 415)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"%PDF-1.7"])
def test_invalid_pictures_are_refused(client: httpx.Client, content: bytes) -> None:
    is_problem(read(client, content), 422)


def test_an_empty_picture_is_refused_as_the_schema_says(client: httpx.Client) -> None:
    described, binary = client.get("/openapi.json").json()["paths"], []
    for path, parts in (("/api/read", {}), ("/api/corrections", {"corrections": json.dumps([GOOD])})):
        for kind, content in described[path]["post"]["requestBody"]["content"].items():
            if kind == "multipart/form-data":
                binary.append(content["schema"]["properties"]["picture"])
                answer = client.post(path, data=parts, files={"picture": ("empty.png", b"", "image/png")})
            else:
                binary.append(content["schema"])
                answer = read(client, b"", kind.replace("*", "png"), path)
            assert "empty" in is_problem(answer, 422)["detail"]
    assert binary == [{"type": "string", "format": "binary", "minLength": 1}] * 4


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".bmp"])
def test_truncated_pictures_are_refused(client: httpx.Client, mnist: Dataset, suffix: str) -> None:
    content = encode(draw(mnist.test.images[:3]), suffix)
    assert read(client, content).json()["text"] == "721"
    for part in (0.1, 0.5):
        answer = read(client, content[: int(part * len(content))])
        assert answer.status_code in (200, 422)  # some decoders give the part that is there
        if answer.status_code == 422 or suffix in (".png", ".jpg"):
            is_problem(answer, 422)


@pytest.mark.parametrize("body", [b"--x\0", b"--x\r\n\x87: y\r\n\r\n", b"--y\r\n"])
def test_malformed_forms_are_refused_without_a_line_in_the_log(
    client: httpx.Client, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    is_problem(read(client, body, "multipart/form-data; boundary=x"), 422)
    assert [record for record in caplog.records if record.name.startswith("python_multipart")] == []


def test_invalid_forms_are_refused(client: httpx.Client, picture: bytes) -> None:
    assert "picture" in is_problem(client.post("/api/read", files={"other": picture}), 422)["detail"]
    is_problem(client.post("/api/read", files=[("picture", picture), ("picture", picture)]), 422)
    is_problem(client.post("/api/read", data={"picture": "text"}, files={"x": b""}), 422)
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary="):
        for content in (b"", b"--x\r\nnonsense", b"--x\r\n\r\n\r\n--x--", b"--y\r\n\r\n\r\n--y--"):
            is_problem(read(client, content, kind), 422)


def test_a_single_digit_is_read_as_such(client: httpx.Client, mnist: Dataset) -> None:
    tight = np.ascontiguousarray(255 - cv2.resize(mnist.test.images[0][4:24, 4:24], (400, 400)))
    answer = read(client, encode(tight), address="/api/read?single=true&printed=true&decimal=comma")
    assert (answer.status_code, answer.json()["text"]) == (200, "7")


@pytest.mark.parametrize("query", ["detail=maybe", "detail=", "detail=2", "single=?", "decimal=dot", "decimal="])
def test_an_invalid_query_is_refused(client: httpx.Client, picture: bytes, query: str) -> None:
    assert query.partition("=")[0] in is_problem(read(client, picture, address=f"/api/read?{query}"), 422)["detail"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "C:\\a\\b.png", "..", "a\u2028b.png"]
)
def test_file_names_cannot_leave_the_folder(client: httpx.Client, folder: Path, picture: bytes, name: str) -> None:
    reading = client.post("/api/read", files={"picture": (name, picture, "image/png")}).json()
    assert reading["text"] == "721"
    assert reading["file"] == re.split(r"[/\\]", name)[-1].replace("\u2028", "")
    before = set(folder.parent.iterdir())
    corrections = json.dumps([{"image": base64.b64encode(bytes(784)).decode(), "label": 1}])
    stored = client.post("/api/corrections", data={"corrections": corrections}, files={"picture": (name, picture)})
    assert stored.status_code == 201
    assert set(folder.parent.iterdir()) - {folder} == before - {folder}
    kept = {path.name for path in folder.rglob("*")}
    assert all(re.fullmatch(r"[0-9a-f]+\.png|corrections\.jsonl|digits|pictures|\.lock", each) for each in kept), kept


@pytest.mark.parametrize(
    "address", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/nothing", "/api"]
)
def test_nothing_else_is_served(client: httpx.Client, address: str) -> None:
    is_problem(client.get(address), 404)


def test_other_methods_are_refused(client: httpx.Client) -> None:
    answer = client.get("/api/read")
    is_problem(answer, 405)
    assert answer.headers["allow"] == "POST"
    assert client.delete("/api/corrections").headers["allow"] == "GET, POST"
    assert set(client.post("/", headers={"content-type": "a/b"}).headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_every_response_has_the_security_headers(client: httpx.Client, picture: bytes) -> None:
    answers = [client.get("/healthz"), client.get("/nothing"), client.get("/docs"), client.get("/static/docs.css")]
    answers += [read(client, picture), read(client, b""), client.get("/fault"), client.get("/", headers={"host": "x"})]
    assert [each.status_code for each in answers] == [200, 404, 200, 200, 200, 422, 500, 421]
    for answer in answers:
        assert SECURITY_HEADERS.items() <= dict(answer.headers).items()
        assert "server" not in answer.headers
        assert not [name for name in answer.headers if name.startswith("access-control")]
    policy = SECURITY_HEADERS["content-security-policy"]
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "default-src 'none'" in policy


def test_an_internal_error_is_reported_without_its_message(client: httpx.Client) -> None:
    answer = client.get("/fault")
    assert "secret" not in answer.text and is_problem(answer, 500)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example:8000",
        "localhost.",
        "",
        "[::1",
        "0x7f.1",
        "evil@127.0.0.1",
        "evil:x@localhost:80",
        "127.0.0.1/evil",
        "127.0.0.1#evil",
        "127.0.0.1?evil",
        "127.0.0.1\\evil",
        "127.0.0.1:evil",
        "127.0.0.1:80:80",
        "127.0.0.1 evil",
        "localhost,evil.example",
        "[127.0.0.1]",
        "[::1]evil",
        "::1",
    ],
)
def test_other_host_names_are_refused(client: httpx.Client, host: str) -> None:
    is_problem(client.get("/api/corrections", headers={"host": host}), 421)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"])
def test_the_names_of_this_computer_are_accepted(client: httpx.Client, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).json() == {"status": "ok"}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "https://OWN"},
        {"origin": "OWN"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1"},
    ],
)
def test_pages_of_other_sites_cannot_post(client: httpx.Client, picture: bytes, headers: dict[str, str]) -> None:
    headers = {name: value.replace("OWN", client.base_url.netloc.decode()) for name, value in headers.items()}
    for address in ("/api/read", "/api/corrections", "/api/saliency"):
        is_problem(client.post(address, content=picture, headers={"content-type": "image/png", **headers}), 403)


def test_the_page_itself_can_post(client: httpx.Client, picture: bytes) -> None:
    kind, own = {"content-type": "image/png"}, str(client.base_url).rstrip("/")
    behind_tls = own.replace("http", "https")
    for marks in (
        {"origin": own},
        {"origin": own, "sec-fetch-site": "same-origin"},
        {"origin": behind_tls, "sec-fetch-site": "same-origin"},
    ):
        assert client.post("/api/read", content=picture, headers={**kind, **marks}).status_code == 200


SIDE_60K, SIDE_30K = 60_000, 30_000  # pixels of a side
TIFF = [
    (256, SIDE_60K),
    (257, SIDE_60K),
    (258, 8),
    (259, 1),
    (262, 1),
    (273, 200),
    (277, 1),
    (278, SIDE_60K),
    (279, 1000),
]


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


BOMBS = {  # small files that declare up to billions of pixels
    "png": b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE_60K, SIDE_60K, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
    + chunk(b"IEND", b""),
    "wide gif": b"GIF89a"
    + struct.pack("<HHBBBcHHHHB", 40_000, 20_000, 0, 0, 0, b",", 0, 0, 40_000, 20_000, 0)
    + b"\x02\0;",
    "gif": b"GIF89a"
    + struct.pack("<HHBBBcHHHHB", SIDE_60K, SIDE_60K, 0, 0, 0, b",", 0, 0, SIDE_60K, SIDE_60K, 0)
    + b"\x02\0;",
    "bmp": struct.pack("<2sIHHI", b"BM", 1054, 0, 0, 54)
    + struct.pack("<IiiHHIIiiII", 40, SIDE_60K, SIDE_60K, 1, 24, 0, 0, 0, 0, 0, 0)
    + bytes(1000),
    "pgm": b"P5 %d %d 255\n" % (SIDE_60K, SIDE_60K) + bytes(1000),
    "hdr": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %d +X %d\n" % (SIDE_30K, SIDE_30K) + bytes(1000),
    "pfm": b"Pf\n%d %d\n-1.0\n" % (SIDE_30K, SIDE_30K) + bytes(1000),
    "sun": struct.pack(">8I", 0x59A66A95, SIDE_30K, SIDE_30K, 8, SIDE_30K**2, 1, 0, 0) + bytes(1000),
    "tif": struct.pack("<4sIH", b"II*\0", 8, len(TIFF))
    + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in TIFF)
    + bytes(1100),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_decompression_bombs_are_not_decoded(client: httpx.Client, kind: str) -> None:
    before = peak_megabytes()
    answer = read(client, BOMBS[kind])
    is_problem(answer, answer.status_code)
    assert answer.status_code in (413, 422)
    after = peak_megabytes()
    assert after.keys() == before.keys()  # no process was replaced
    assert all(after[process] - before[process] < 100 for process in after)


def peak_megabytes() -> dict[int, float]:
    """The peak memory of this process and of each worker process."""
    processes = [os.getpid(), *(int(each.pid or 0) for each in multiprocessing.active_children())]
    if not Path("/proc/self/status").exists():
        return dict.fromkeys(processes, 0.0)
    status = {process: Path(f"/proc/{process}/status").read_text() for process in processes}
    return {each: int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024 for each, text in status.items()}  # type: ignore[index]


def test_more_than_fifty_megapixels_are_refused(client: httpx.Client) -> None:
    content = encode(np.full((7100, 7100), 255, np.uint8))
    assert len(content) < 1_000_000
    assert "megapixels" in is_problem(read(client, content), 413)["detail"]


def test_corrections_are_stored(client: httpx.Client, folder: Path, picture: bytes, mnist: Dataset) -> None:
    before = client.get("/api/corrections").json()
    assert before["folder"] == str(folder)
    digit = {"image": base64.b64encode(mnist.test.images[0].tobytes()).decode(), "label": 7}
    correction = {**digit, "guess": 1, "confidence": 0.5, "box": [1, 2, 3, 4]}
    first = client.post(
        "/api/corrections", data={"corrections": json.dumps([correction, digit])}, files={"picture": picture}
    )
    assert (first.status_code, first.json()) == (201, {"stored": 2, "total": before["total"] + 2})
    as_file = {"corrections": ("c.json", json.dumps([digit]), "application/json")}
    second = client.post("/api/corrections", files=as_file)
    assert (second.status_code, second.json()["total"]) == (201, before["total"] + 3)
    rows = [json.loads(line) for line in (folder / "corrections.jsonl").read_text().splitlines()][
        -4:-1
    ]  # before the closing line
    assert [row["guess"] for row in rows] == [1, None, None]
    kept = cv2.imread(str(folder / "digits" / f"{rows[0]['id']}.png"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(np.asarray(kept), mnist.test.images[0])
    assert (folder / "pictures" / rows[0]["picture"]).read_bytes() == picture


GOOD = {"image": base64.b64encode(bytes(784)).decode(), "label": 3}
WRONG = [
    "",
    "nothing",
    "{}",
    "[]",
    "null",
    "[1]",
    json.dumps([{**GOOD, "label": 10}]),
    json.dumps([{**GOOD, "label": None}]),
    json.dumps([{**GOOD, "image": "AAAA"}]),
    json.dumps([{**GOOD, "image": GOOD["image"][:-3] + "B=="}]),  # type: ignore[index]
    json.dumps([{**GOOD, "guess": -1}]),
    json.dumps([{**GOOD, "confidence": 1.5}]),
    json.dumps([{**GOOD, "confidence": float("nan")}]),
    json.dumps([{**GOOD, "box": [1, 2, 3]}]),
    json.dumps([{**GOOD, "box": [1, 2, 3, True]}]),
    json.dumps([{**GOOD, "label": "3"}]),
    json.dumps([{**GOOD, "more": 1}]),
    json.dumps([GOOD] * 101),
    "[" * 100_000,
]


@pytest.mark.parametrize("text", WRONG, ids=[each[-30:] or "empty" for each in WRONG])
def test_invalid_corrections_are_refused(client: httpx.Client, text: str) -> None:
    total = client.get("/api/corrections").json()["total"]
    is_problem(client.post("/api/corrections", files={"corrections": (None, text)}), 422)
    assert client.get("/api/corrections").json()["total"] == total


def test_corrections_need_a_form_and_a_valid_picture_or_none(client: httpx.Client, picture: bytes) -> None:
    is_problem(client.post("/api/corrections", json=[GOOD]), 415)
    is_problem(client.post("/api/corrections", files={"picture": picture}), 422)
    text = json.dumps([GOOD])
    for content in (b"", b"#!/bin/sh", picture[:-20]):
        is_problem(client.post("/api/corrections", data={"corrections": text}, files={"picture": content}), 422)


def test_a_failure_to_write_is_reported(tmp_path: Path) -> None:
    (tmp_path / "corrections").mkdir()
    (tmp_path / "corrections" / "digits").write_text("in the way")
    with serving(create_app(patient_settings(tmp_path / "corrections"))) as address:
        is_problem(post(f"{address}/api/corrections", files={"corrections": (None, json.dumps([GOOD]))}), 507)


def test_a_folder_damaged_while_the_server_runs_is_reported(tmp_path: Path) -> None:
    with serving(create_app(patient_settings(tmp_path))) as address:
        (tmp_path / "corrections.jsonl").write_text("damaged\n")
        answer = get(f"{address}/api/corrections")
        assert "corrections.jsonl" in is_problem(answer, 500)["detail"]
        is_problem(post(f"{address}/api/corrections", files={"corrections": (None, json.dumps([GOOD]))}), 500)
        assert (tmp_path / "corrections.jsonl").read_text() == "damaged\n"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"image": 1}', b'{"image": "AA=="}', b"\xff", b"[" * 100_000])
def test_a_saliency_map_needs_an_image(client: httpx.Client, body: bytes) -> None:
    is_problem(read(client, body, "application/json", "/api/saliency"), 422)
    is_problem(read(client, json.dumps({"image": GOOD["image"]}).encode(), "text/plain", "/api/saliency"), 415)


def test_models_and_version_are_listed(client: httpx.Client) -> None:
    models = client.get("/api/models").json()
    assert {(each["name"], each["reads"]) for each in models if each["used"]} == {
        ("line-reader", "lines"),
        ("convnet-small", "digits"),
    }
    assert {each["version"] for each in models} == {__version__}
    assert all(each["parameters"] > 1000 for each in models)


def test_the_documentation_needs_no_external_files(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page.text
    assert not re.search(r'(src|href)="(https?:)?//|<script|style=', page.text)
    for address in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        assert client.get(address).status_code == 200


def test_static_files_are_revalidated(client: httpx.Client) -> None:
    first = client.get("/static/docs.css")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/static/docs.css", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


def test_static_files_are_sent_compressed(client: httpx.Client) -> None:
    answer = client.get("/static/main.js")
    assert answer.headers["content-encoding"] == "gzip"
    assert "import" in answer.text
    assert "content-encoding" not in client.get("/static/main.js", headers={"accept-encoding": "identity"}).headers


def test_loopback_addresses_are_recognised() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.0.2", "example.org", "")))
    hosts = {
        "A:80": "a",
        "[0:0::1]:80": "::1",
        "[::ffff:127.0.0.1]": "127.0.0.1",
        "a": "a",
        "[": "",
        "": "",
        "\u212a": "",
    }
    assert {each: host_name(each) for each in hosts} == hosts


def test_a_public_server_has_the_names_and_addresses_of_its_computer(tmp_path: Path) -> None:
    names = server_names("0.0.0.0", ["Sutja.Example"])
    own = socket.gethostname()
    assert names >= {"localhost", own.lower(), f"{own.lower().partition('.')[0]}.local", "sutja.example"}
    assert not {own.lower(), "sutja.example"} & server_names("127.0.0.1")
    with serving(create_app(patient_settings(tmp_path, hosts=names)), host="0.0.0.0") as address:
        port = urlsplit(address).port
        for host in (own, "sutja.example", "[::1]", "127.0.0.1"):
            assert get(f"{address}/healthz", headers={"host": f"{host}:{port}"}).json() == {"status": "ok"}
        is_problem(get(f"{address}/healthz", headers={"host": "evil.example"}), 421)
        is_problem(get(f"{address}/healthz", headers={"host": "127.0.0.2"}), 421)
        if sys.platform == "linux":  # where that is an address of this computer, too
            assert get(f"http://127.0.0.2:{port}/healthz").json() == {"status": "ok"}


def test_pages_under_an_allowed_name_can_post(tmp_path: Path, picture: bytes) -> None:
    with serving(create_app(patient_settings(tmp_path, hosts=server_names("0.0.0.0", ["sutja.example"])))) as address:
        headers = {"host": "sutja.example", "origin": "http://sutja.example", "content-type": "image/png"}
        assert post(f"{address}/api/read", content=picture, headers=headers).json()["text"] == "721"
        is_problem(
            post(f"{address}/api/read", content=picture, headers={**headers, "origin": "http://other.example"}), 403
        )
        assert PROBLEM in get(f"{address}/x", headers=headers).headers["content-type"]
