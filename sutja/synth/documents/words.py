"""Words of generated documents in several scripts: headings, units, names and goods, and words that mean nothing.

No word holds a digit; headings and units may hold a point, a hyphen or a slash, which are no part of a number there.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from sutja.errors import unknown

WORD_TABLE = Path(__file__).parent / "words.txt"
INVENTED_SHARE = 0.2  # of words are put together from syllables
CAPITALS_SHARE = 0.12
SMALL_LETTERS_SHARE = 0.2
MAX_SYLLABLES = 4

SYLLABLES = {  # script → beginnings, middles and ends of a syllable; "_" is none
    "latin": (
        "b c d f g h j k l m n p qu r s t v w x y z br ch cl cr dr fl gr kl pl pr sch sh sp st str th tr _",
        "a e i o u a e i o ä ö ü é è ai au ea ee ei ie oo ou",
        "_ _ _ b d f g k l m n ng nd nt p r rd s st t tt x",
    ),
    "latin-ext": (
        "b č ć d đ f g ğ h j k l ł m n ń ň p r ř s š ś ş t ť ț v w z ž ź ż cz sz _",
        "a ă ą â e ę ě ē i ı į o ó ő ō u ů ű ų y",
        "_ _ _ č k l ł m n ń r ř s š ş t ž",
    ),
    "vietnamese": (
        "b c ch d đ g gi h kh l m n ng nh ph qu r s t th tr v x",
        "a à á ả ã ạ ă ằ ắ ặ â ầ ấ ậ e è é ê ề ế ệ i ì í ị o ò ó ọ ô ồ ố ộ ơ ờ ớ ợ u ù ú ụ ư ừ ứ ự y ý",
        "_ _ _ c ch m n ng nh p t i",
    ),
    "korean": (
        "가 각 간 감 강 개 거 건 결 경 계 고 공 과 관 교 구 국 군 금 기 김 나 난 내 년 노 다 단 달 대 도 동 두 라 로 "
        "리 마 만 말 매 면 명 모 문 물 미 민 바 반 발 방 배 번 변 보 복 부 비 사 산 상 새 생 서 선 설 성 세 소 손 수 "
        "순 시 신 실 아 안 양 어 여 연 영 예 오 용 우 운 원 유 은 음 의 이 인 일 자 작 장 전 정 제 조 주 준 중 지 진 "
        "차 창 천 청 초 추 치 카 타 태 토 통 파 평 표 하 학 한 해 현 호 화 회 후 희",
        "_",
        "_",
    ),
    "cyrillic": (
        "б в г д ж з к л м н п р с т ф х ц ч ш щ пр ст кр _",
        "а е ё и о у ы э ю я",
        "_ _ _ в й к л м н р с т ть",
    ),
    "devanagari": ("क ख ग घ च ज ट ड त द न प फ ब भ म य र ल व श स ह", "_ ा ि ी ु ू े ै ो ौ", "_ _ _ न र ल क ं"),
    "malayalam": ("ക ഗ ച ജ ട ണ ത ദ ന പ ബ മ യ ര ല വ ശ സ ഹ ള ഴ", "_ ാ ി ീ ു ൂ െ േ ൊ ോ", "_ _ _ ം ൻ ർ ൽ"),
    "tamil": ("க ச ட த ந ப ம ய ர ல வ ழ ள ன", "_ ா ி ீ ு ூ ெ ே ை ொ ோ", "_ _ _ ன் ர் ல் ம்"),
    "bengali": ("ক খ গ ঘ চ জ ট ড ত দ ন প ব ভ ম র ল শ স হ", "_ া ি ী ু ূ ে ো", "_ _ _ ন র ল ক"),
}
WRITTEN_SCRIPTS = tuple(SYLLABLES)


def random_word(rng: np.random.Generator, script: str) -> str:
    """A word, real or invented, in one of `WRITTEN_SCRIPTS`; raises `UsageError` for another script."""
    real = _one_of(rng, script, "words")
    return _in_some_case(rng, _invented_word(rng, script) if rng.random() < INVENTED_SHARE else real)


def random_phrase(rng: np.random.Generator, script: str, words: int) -> str:
    """Some words with spaces between them; at least `words`, as a real word may be two (`call back`)."""
    return " ".join(random_word(rng, script) for _ in range(words))


def random_heading(rng: np.random.Generator, script: str) -> str:
    """What stands at the head of a column or before the blank of a form, as `Total`, `Qty`, `합계`."""
    return _in_some_case(rng, _one_of(rng, script, "headings"))


def random_unit(rng: np.random.Generator, script: str) -> str:
    """What stands behind or before a number, as `kg`, `€`, `원`."""
    return _one_of(rng, script, "units")


def _one_of(rng: np.random.Generator, script: str, kind: str) -> str:
    if script not in SYLLABLES:
        raise unknown("script", script, SYLLABLES)
    words = read_words()[script, kind]
    return words[int(rng.integers(len(words)))]


def _in_some_case(rng: np.random.Generator, word: str) -> str:
    """The word as it is, or all in capitals or small letters, as people and printers write it."""
    chance = rng.random()
    if chance < CAPITALS_SHARE:
        return word.upper()
    return word.lower() if chance < CAPITALS_SHARE + SMALL_LETTERS_SHARE else word


def _invented_word(rng: np.random.Generator, script: str) -> str:
    parts = [part.split() for part in SYLLABLES[script]] * int(rng.integers(1, MAX_SYLLABLES + 1))
    return "".join(signs[int(rng.integers(len(signs)))] for signs in parts).replace("_", "") or parts[1][0]


@lru_cache(maxsize=1)
def read_words(path: Path = WORD_TABLE) -> dict[tuple[str, str], tuple[str, ...]]:
    """The words of the table by script and kind (`headings`, `units`, `words`)."""
    blocks = [block for block in path.read_text(encoding="utf-8").split("\n\n") if not block.startswith("#")]
    words = {}
    for title, _, body in (block.strip().partition("\n") for block in blocks):
        script, kind = title.split()
        words[script, kind] = tuple(word.strip() for word in body.replace("\n", ",").split(",") if word.strip())
    return words
