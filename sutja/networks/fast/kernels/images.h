// Batches of images: picked from all, and distorted.
#pragma once

#include <cstdint>

// One image as numbers in [0, 1], rolled by 0 ≤ `down` < `height` and 0 ≤ `right` < `width` pixels.
void gather(const uint8_t* from, int height, int width, int down, int right, float* to);

// A random distortion of each image: an affine map, and a displacement at 5 × 5 control points of cubic B-splines.
struct Distortion {
    const float* matrices;  // (count, 2, 3), or null for the identity
    const float* knots;     // (count, 2, 25), or null for none
    const float* splines;   // (side, 5): the weight of each control point along a side
    int32_t side;
};

// Distorts images `first` … `last` - 1 of side × side floats.
void distort(const Distortion& d, const float* images, int64_t first, int64_t last, float* result);
