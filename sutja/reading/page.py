"""A page: even light, dark ink on light paper, no rules and no edges; and the lines of writing on it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sutja.reading.illumination import COARSE, PAPER, even_light, is_light_on_dark, surroundings
from sutja.reading.ink import PHOTOGRAPH, Mask, find_ink
from sutja.reading.normalise import Gray
from sutja.reading.ruled_lines import find_rules, without_rules

LONGER_SIDE = 2000  # pixels of the longer side of a page on which lines are sought
EDGE = 10  # grey levels a pixel, in a picture as coarse as that, that make a sharp edge


@dataclass(frozen=True)
class Page:
    """A page that is ready to be read.

    `gray`, `uint8 (H, W)`, is evenly lit, dark on light; `ink`, `bool (H, W)`, says where writing is. One pixel of it
    is `scale` pixels of the picture. `inverted` tells that the picture is light on dark.
    """

    gray: Gray
    ink: Mask
    scale: float
    inverted: bool


def prepare(picture: Gray) -> Page:
    """Make a page of a picture `uint8 (H, W)`."""
    scale = max(1.0, max(picture.shape) / LONGER_SIDE)
    gray = picture
    if scale > 1:
        size = (max(1, round(picture.shape[1] / scale)), max(1, round(picture.shape[0] / scale)))
        gray = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    sheet = find_sheet(gray)
    if sheet is not None:  # what lies around it must not count as paper
        gray = _continued(gray, shrunk(sheet))
    paper = surroundings(gray)
    inverted = is_light_on_dark(gray, paper)
    if inverted:
        gray, paper = 255 - gray, 255 - paper
    evened = even_light(gray, paper)
    if sheet is not None:
        evened = np.where(shrunk(sheet), evened, np.uint8(PAPER))
    evened = without_rules(evened)
    ink = find_ink(evened)
    rules = find_rules(ink)
    return Page(np.where(rules, np.uint8(PAPER), evened), ink & ~rules, scale, inverted)


def find_sheet(gray: Gray) -> Mask | None:
    """Where the sheet of paper is that lies on something else; `None` where the picture shows nothing but paper.

    The sheet is the largest area without sharp edges, which writing is too fine to make; it must be about convex.
    """
    height, width = gray.shape
    if min(height, width) < PHOTOGRAPH:
        return None
    coarse = max(height, width) / COARSE
    small = cv2.resize(gray, (round(width / coarse), round(height / coarse)), interpolation=cv2.INTER_AREA)
    small = np.asarray(cv2.medianBlur(small, 7), np.uint8)
    across, down = cv2.Sobel(small, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(small, cv2.CV_32F, 0, 1, scale=0.25)
    smooth = (cv2.magnitude(across, down) < EDGE).astype(np.uint8)
    even = cv2.erode(smooth, np.ones((3, 3), np.uint8), borderValue=1)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(even, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    largest = (labels == areas.argmax()).astype(np.uint8)
    outline = np.argwhere(largest)[:, ::-1].astype(np.int32)
    hull = np.zeros_like(largest)
    cv2.fillConvexPoly(hull, cv2.convexHull(outline), 1)
    part = float(hull.mean())
    border = float(np.concatenate([hull[0], hull[-1], hull[:, 0], hull[:, -1]]).mean())
    if not 0.15 < part < 0.95 or border > 0.4 or largest.sum() < 0.75 * hull.sum():
        return None  # nothing else, a shadow's edge on one sheet, or no sheet at all
    return np.asarray(cv2.resize(hull, (width, height), interpolation=cv2.INTER_NEAREST) > 0)


def _continued(gray: Gray, sheet: Mask) -> Gray:
    """A picture in which the paper of the sheet goes on beyond its edges, as bright as it is at the nearest one."""
    coarse = max(gray.shape) / COARSE
    size = (max(1, round(gray.shape[1] / coarse)), max(1, round(gray.shape[0] / coarse)))
    small = cv2.medianBlur(np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8), 9)
    outside = 1 - cv2.resize(sheet.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    _, nearest = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    values = np.zeros(int(nearest.max()) + 1, np.uint8)
    values[nearest[outside == 0]] = small[outside == 0]
    beyond = cv2.resize(values[nearest], gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(sheet, gray, np.asarray(beyond, np.uint8))


def shrunk(sheet: Mask) -> Mask:
    """A sheet without a margin of a hundredth, where its edge and the shadow of it are."""
    side = round(max(sheet.shape) * 0.01) * 2 + 1
    return np.asarray(cv2.erode(sheet.astype(np.uint8), np.ones((side, side), np.uint8), borderValue=1) > 0)
