"""Page: an evenly lit picture, dark on light, and the mask of its ink, without rules and without the desk."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sutja.reading.illumination import (
    COARSE_SIDE_PIXELS,
    PAPER_LEVEL,
    estimate_paper,
    flatten_light,
    is_light_on_dark,
)
from sutja.reading.ink import MIN_PHOTOGRAPH_SIDE_PIXELS, Mask, find_ink
from sutja.reading.normalise import Gray
from sutja.reading.ruled_lines import find_rules, remove_faint_rules

MAX_PAGE_SIDE_PIXELS = 2000  # longer side
MIN_EDGE_GRADIENT = 10  # grey levels per pixel of a sheet's edge, on the picture reduced to `COARSE_SIDE_PIXELS`
SHEET_AREA_SHARES = (0.15, 0.95)  # of the picture; beyond it the picture shows no sheet, or nothing else
MAX_SHEET_BORDER_SHARE = 0.4  # of the picture's border that a sheet covers; a shadow's edge leaves more
MIN_SHEET_SOLIDITY = 0.75  # area of a sheet over that of its convex hull
SHEET_MARGIN_SHARE = 0.01  # of the picture's longer side: the sheet's edge and its shadow


@dataclass(frozen=True)
class Page:
    """A picture prepared for reading.

    `gray`, `uint8 (H, W)`, is evenly lit and dark on light; `ink`, `bool (H, W)`, is the mask of writing. A pixel of
    the page is `scale` pixels of the picture. `inverted` says that the picture is light on dark.
    """

    gray: Gray
    ink: Mask
    scale: float
    inverted: bool


def prepare_page(picture: Gray) -> Page:
    """Prepare a picture `uint8 (H, W)` for reading."""
    scale = max(1.0, max(picture.shape) / MAX_PAGE_SIDE_PIXELS)
    gray = picture
    if scale > 1:
        size = (max(1, round(picture.shape[1] / scale)), max(1, round(picture.shape[0] / scale)))
        gray = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    sheet = find_sheet(gray)
    inside = None if sheet is None else _without_margin(sheet)
    if inside is not None:
        gray = _extended(gray, inside)
    paper = estimate_paper(gray)
    inverted = is_light_on_dark(gray, paper)
    if inverted:
        gray, paper = 255 - gray, 255 - paper
    flat = flatten_light(gray, paper)
    if inside is not None:
        flat = np.where(inside, flat, np.uint8(PAPER_LEVEL))
    flat = remove_faint_rules(flat)
    ink = find_ink(flat)
    rules = find_rules(ink)
    return Page(np.where(rules, np.uint8(PAPER_LEVEL), flat), ink & ~rules, scale, inverted)


def find_sheet(gray: Gray) -> Mask | None:
    """The mask of a sheet of paper that lies on a desk; `None` if the picture shows nothing but paper.

    The sheet is the largest nearly convex area without sharp edges; the edges of writing are too fine to count.
    """
    height, width = gray.shape
    if min(height, width) < MIN_PHOTOGRAPH_SIDE_PIXELS:
        return None
    coarse = max(height, width) / COARSE_SIDE_PIXELS
    small = cv2.resize(gray, (round(width / coarse), round(height / coarse)), interpolation=cv2.INTER_AREA)
    small = np.asarray(cv2.medianBlur(small, 7), np.uint8)
    across, down = cv2.Sobel(small, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(small, cv2.CV_32F, 0, 1, scale=0.25)
    smooth = (cv2.magnitude(across, down) < MIN_EDGE_GRADIENT).astype(np.uint8)
    smooth = np.asarray(cv2.erode(smooth, np.ones((3, 3), np.uint8), borderValue=1), np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(smooth, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    largest = (labels == areas.argmax()).astype(np.uint8)
    points = np.argwhere(largest)[:, ::-1].astype(np.int32)
    hull = np.zeros_like(largest)
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    border = float(np.concatenate([hull[0], hull[-1], hull[:, 0], hull[:, -1]]).mean())
    is_sheet = (
        SHEET_AREA_SHARES[0] < float(hull.mean()) < SHEET_AREA_SHARES[1]
        and border <= MAX_SHEET_BORDER_SHARE
        and largest.sum() >= MIN_SHEET_SOLIDITY * hull.sum()
    )
    if not is_sheet:
        return None
    return np.asarray(cv2.resize(hull, (width, height), interpolation=cv2.INTER_NEAREST) > 0)


def _extended(gray: Gray, sheet: Mask) -> Gray:
    """A picture in which the sheet's paper extends to the borders, with the brightness of its nearest edge.

    The desk then does not count as paper.
    """
    coarse = max(gray.shape) / COARSE_SIDE_PIXELS
    size = (max(1, round(gray.shape[1] / coarse)), max(1, round(gray.shape[0] / coarse)))
    small = cv2.medianBlur(np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8), 9)
    outside = 1 - cv2.resize(sheet.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    _, nearest = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    values = np.zeros(int(nearest.max()) + 1, np.uint8)
    values[nearest[outside == 0]] = small[outside == 0]
    beyond = cv2.resize(values[nearest], gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(sheet, gray, np.asarray(beyond, np.uint8))


def _without_margin(sheet: Mask) -> Mask:
    """A sheet's mask without its edge and the shadow of it."""
    side = round(max(sheet.shape) * SHEET_MARGIN_SHARE) * 2 + 1
    return np.asarray(cv2.erode(sheet.astype(np.uint8), np.ones((side, side), np.uint8), borderValue=1) > 0)
