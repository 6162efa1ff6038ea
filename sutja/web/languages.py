"""The language of an answer, and what the server says in Korean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from sutja.reading.tables.languages import ANY_PART, REMARK_SENTENCES, Sentence, translate_sentences

AnswerLanguage = Literal["en", "ko"]
PICTURE = "the picture: "  # before what is wrong with an upload

# What the server says
SENTENCES: tuple[Sentence, ...] = (
    *REMARK_SENTENCES,
    # What is wrong with a picture or a file
    ("the PDF has a password: save it without one", "PDF에 암호가 있습니다. 암호 없이 저장하세요"),
    ("not a PDF, or damaged", "PDF가 아니거나 손상된 파일입니다"),
    ("damaged: the page of the PDF cannot be read", "PDF의 이 쪽이 손상되어 읽을 수 없습니다"),
    (f"damaged: a page of {ANY_PART}", "PDF의 이 쪽은 크기가 잘못되었습니다: {0}"),
    (f"a page of {ANY_PART} mm is too large: .+", "쪽이 너무 큽니다: {0} mm"),
    (
        f"a picture in the PDF has {ANY_PART} pixels, which .+: at most {ANY_PART} megapixels",
        "PDF 안의 그림이 너무 큽니다: {0} 픽셀, 최대 {1} 메가픽셀",
    ),
    (f"more than {ANY_PART} pages are too many: split the file", "{0}쪽이 넘는 파일은 읽을 수 없습니다. 나누어 주세요"),
    ("the file has no pages", "파일에 쪽이 없습니다"),
    (f"there is no such page: the file has {ANY_PART}", "그런 쪽이 없습니다. 이 파일은 {0}쪽입니다"),
    ("not a picture, or damaged", "사진이 아니거나 손상된 파일입니다"),
    ("the file is empty", "빈 파일입니다"),
    (f"not a picture that can be read: {ANY_PART}", "읽을 수 없는 사진입니다: {0}"),
    (f"truncated: the {ANY_PART} has no end", "{0} 파일이 중간에 끊겼습니다"),
    (f"damaged{ANY_PART}", "손상된 파일입니다"),
    (
        f"{ANY_PART} pixels are too many: at most {ANY_PART} megapixels and {ANY_PART} pixels per side",
        "{0} 픽셀은 너무 큽니다. 최대 {1} 메가픽셀, 한 변 {2} 픽셀입니다",
    ),
    ("this server cannot read files of this form", "이 서버는 이런 형식의 파일을 읽을 수 없습니다"),
    (f"could not be read: {ANY_PART}", "읽지 못했습니다: {0}"),
    ("not enough memory for it", "메모리가 부족합니다"),
    # What is wrong with a request, or with the server
    (
        f"The request is larger than {ANY_PART} MB; send a smaller picture.",
        "{0} MB보다 큽니다. 더 작은 파일을 보내세요.",
    ),
    (f"The request did not arrive within {ANY_PART} seconds.", "{0}초 안에 다 받지 못했습니다."),
    (
        f"That took longer than {ANY_PART} seconds; try a smaller picture.",
        "{0}초 넘게 걸렸습니다. 더 작은 사진을 사용해 보세요.",
    ),
    ("Too many requests at once; try again in a moment.", "요청이 너무 많습니다. 잠시 뒤에 다시 시도하세요."),
    ("No reader is running; try again in a moment.", "인식기가 실행 중이 아닙니다. 잠시 뒤에 다시 시도하세요."),
    ("The server failed; its log has the cause.", "서버에서 오류가 발생했습니다. 원인은 서버 기록에 있습니다."),
    (f"The corrections could not be written: {ANY_PART}", "고친 숫자를 저장하지 못했습니다: {0}"),
    (f"The corrections cannot be read: {ANY_PART}", "저장된 고친 숫자를 읽을 수 없습니다: {0}"),
    ("Pages of other sites cannot send requests to this server.", "다른 사이트의 페이지는 요청할 수 없습니다."),
)


def answer_language(headers: Mapping[str, str]) -> AnswerLanguage:
    """The language that a client prefers by `Accept-Language`: "ko" if Korean is the first, else "en"."""
    first = headers.get("accept-language", "").partition(",")[0].strip().lower()
    return "ko" if re.match(r"ko\b", first) else "en"


def in_language(text: str, language: AnswerLanguage) -> str:
    """What the server says in a language; parts between semicolons that have no translation stay English."""
    return text if language == "en" else translate_sentences(text.removeprefix(PICTURE), SENTENCES)
