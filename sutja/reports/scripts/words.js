// @ts-check
// The texts of the networks in the report in each language, with {gaps}.

import { currentLanguage } from "./language.js";

/** @typedef {keyof typeof WORDS.en} WordName */
export const WORDS = {
  en: {
    lead: "Draw, and the networks answer with every stroke. They are in this page: nothing is sent, and no server is needed.",
    leadOne: "Draw, and the network answers with every stroke. It is in this page: nothing is sent, and no server is needed.",
    pad: "Draw a digit here with a finger, pen or mouse",
    invitation: "Draw here",
    clear: "Clear",
    seen: "What the networks see",
    seenMore: "scaled to 28×28 pixels and centred, as MNIST’s digits are",
    answers: "Probabilities",
    none: "–",
    answer: "{title}: {digit}, {percent}",
    probability: "{digit}: {percent}",
    digits: "… or take one of these digits, which no network was trained on",
    digit: "Digit {number} of {count}: it is a {label}",
    layers: "Inside the networks",
    layersMore: "Every layer, as it is now: orange is positive, violet negative. Click a value, or move with the arrow keys: the digit shows the part that it comes from.",
    convolution: "convolution {size}×{size}: {maps} maps of {height}×{width}",
    max_pool: "maximum of {size}×{size}: {maps} maps of {height}×{width}",
    average_pool: "mean of {size}×{size}: {maps} maps of {height}×{width}",
    linear: "{maps} units",
    pictures: "{maps} units, each with the weights that it looks for; bright are those that answer now",
    map: "{stage}, map {map}, row {row}, column {column}: {value}.",
    unit: "{stage}, unit {map}: {value}.",
    field: "It sees rows {top} to {bottom} and columns {left} to {right} of the digit.",
    whole: "It sees the whole digit.",
    filter: "Its weights, one picture for each map before it",
    filterOne: "Its weights: ink on orange raises the value, on violet lowers it",
  },
  ko: {
    lead: "획을 그을 때마다 신경망들이 답합니다. 신경망이 이 페이지 안에 있어 서버가 필요 없고 아무것도 전송되지 않습니다.",
    leadOne: "획을 그을 때마다 신경망이 답합니다. 신경망이 이 페이지 안에 있어 서버가 필요 없고 아무것도 전송되지 않습니다.",
    pad: "손가락, 펜, 마우스로 숫자를 그리는 곳",
    invitation: "여기에 그리세요",
    clear: "지우기",
    seen: "신경망이 보는 모습",
    seenMore: "MNIST 숫자처럼 28×28 화소로 줄여 가운데에 맞춤",
    answers: "확률",
    none: "–",
    answer: "{title}: {digit}, {percent}",
    probability: "{digit}: {percent}",
    digits: "… 또는 어느 신경망도 학습하지 않은 숫자를 골라 보세요",
    digit: "숫자 {count}개 중 {number}번째: 정답 {label}",
    layers: "신경망의 내부",
    layersMore: "지금 각 층의 값입니다. 주황색은 양수, 보라색은 음수입니다. 값을 누르거나 화살표 키로 옮기면 그 값이 숫자의 어느 부분에서 나왔는지 보여 줍니다.",
    convolution: "{size}×{size} 합성곱: {height}×{width} 특징 지도 {maps}개",
    max_pool: "{size}×{size} 최댓값 풀링: {height}×{width} 특징 지도 {maps}개",
    average_pool: "{size}×{size} 평균 풀링: {height}×{width} 특징 지도 {maps}개",
    linear: "뉴런 {maps}개",
    pictures: "뉴런 {maps}개와 각각이 찾는 가중치. 지금 반응하는 뉴런이 밝게 보입니다",
    map: "{stage}, 특징 지도 {map}, {row}행 {column}열: {value}.",
    unit: "{stage}, 뉴런 {map}: {value}.",
    field: "숫자의 {top}~{bottom}행, {left}~{right}열을 봅니다.",
    whole: "숫자 전체를 봅니다.",
    filter: "가중치: 앞 층의 특징 지도마다 그림 하나",
    filterOne: "가중치: 주황색 위의 잉크는 값을 높이고 보라색 위의 잉크는 낮춥니다",
  },
};

/** The text with this name in the language of the reader, with its {gaps} filled.
 * @param {WordName} name @param {Record<string, string | number>} gaps */
export function word(name, gaps = {}) {
  return WORDS[currentLanguage()][name].replace(/{(\w+)}/g, (_, gap) => String(gaps[gap]));
}

/** Format a probability in per cent, 99.9 % at most, because no answer is certain.
 * @param {number} share */
export function percent(share) {
  const digits = share >= 0.995 ? 1 : 0;
  const language = currentLanguage();
  const format = (PERCENTS[`${language}${digits}`] ??= new Intl.NumberFormat(language, {
    style: "percent",
    maximumFractionDigits: digits,
  }));
  return format.format(Math.min(share, 0.999));
}

/** Formats are slow to make.
 * @type {Record<string, Intl.NumberFormat>} */
const PERCENTS = {};
