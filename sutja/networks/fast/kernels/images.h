// Batches of images: picked from all, and distorted.
#pragma once

#include <algorithm>

#include "pool.h"
#include "vectors.h"

typedef float Four __attribute__((vector_size(16)));

static void gather(const uint8_t* pixels, const int64_t* indices, int64_t first, int64_t last, int64_t size, float* result) {
    for (int64_t image = first; image < last; image++) {
        const uint8_t* __restrict from = pixels + indices[image] * size;
        float* __restrict to = result + image * size;
        for (int64_t at = 0; at < size; at++) to[at] = float(from[at]) / 255.0f;
    }
}

// A random distortion of each image: an affine map, and a displacement at 5 × 5 control points of cubic B-splines.
struct Distortion {
    const float* matrices;  // (count, 2, 3), or null for the identity
    const float* knots;     // (count, 2, 25), or null for none
    const float* splines;   // (side, 5): the weight of each control point along a side
    int32_t side;
};

constexpr int KNOTS = 5, MAX_SIDE = 64, BORDER = 4;

// Weights of bicubic interpolation for the pixels at -1, 0, 1 and 2 from a place `t` right of pixel 0, as PyTorch's.
static INLINE Four cubic(float t) {
    const Four constant = {0, 1, 0, 0}, linear = {-0.75f, 0, 0.75f, 0};
    const Four square = {1.5f, -2.25f, 1.5f, -0.75f}, cube = {-0.75f, 1.25f, -1.25f, 0.75f};
    return ((cube * t + square) * t + linear) * t + constant;
}

// Where each pixel of one image is sampled, in pixels: (2, side, side).
static void find_places(const Distortion& d, int64_t image, float* places) {
    const int side = d.side;
    float centre[MAX_SIDE], bent[KNOTS][MAX_SIDE];
    for (int at = 0; at < side; at++) centre[at] = (at + 0.5f) * 2 / side - 1;
    for (int axis = 0; axis < 2; axis++) {
        const float identity[2][3] = {{1, 0, 0}, {0, 1, 0}};
        const float* m = d.matrices ? d.matrices + (image * 2 + axis) * 3 : identity[axis];
        if (d.knots)
            for (int row = 0; row < KNOTS; row++)
                for (int x = 0; x < side; x++) {
                    float sum = 0;
                    for (int k = 0; k < KNOTS; k++) sum += d.knots[((image * 2 + axis) * KNOTS + row) * KNOTS + k] * d.splines[x * KNOTS + k];
                    bent[row][x] = sum;
                }
        for (int y = 0; y < side; y++) {
            float* __restrict to = places + (int64_t(axis) * side + y) * side;
            for (int x = 0; x < side; x++) to[x] = m[0] * centre[x] + (m[1] * centre[y] + m[2]);
            if (d.knots)
                for (int row = 0; row < KNOTS; row++)
                    for (int x = 0; x < side; x++) to[x] += d.splines[y * KNOTS + row] * bent[row][x];
            for (int x = 0; x < side; x++) to[x] = ((to[x] + 1) * side - 1) / 2;
        }
    }
}

static void distort(const Distortion& d, const float* images, int64_t first, int64_t last, float* result) {
    const int side = d.side, wide = side + 2 * BORDER;
    std::vector<float> places(2 * side * side), framed(wide * wide);  // the image with paper around it
    for (int64_t image = first; image < last; image++) {
        for (int y = 0; y < side; y++)
            memcpy(&framed[(y + BORDER) * wide + BORDER], images + (image * side + y) * side, side * sizeof(float));
        find_places(d, image, places.data());
        const float *across = places.data(), *down = across + side * side;
        float* to = result + image * side * side;
        for (int at = 0; at < side * side; at++) {
            const float x = std::min(std::max(across[at], -3.0f), side + 1.5f), y = std::min(std::max(down[at], -3.0f), side + 1.5f);
            const int left = int(x + BORDER) - BORDER, top = int(y + BORDER) - BORDER;  // floor: both are at least -3
            const Four columns = cubic(x - left), rows = cubic(y - top);
            const float* pixels = &framed[(top + BORDER - 1) * wide + left + BORDER - 1];
            Four sum = {};
            UNROLL for (int row = 0; row < 4; row++) {
                Four four;
                memcpy(&four, pixels + row * wide, sizeof four);
                sum += four * rows[row];
            }
            sum *= columns;
            to[at] = std::min(std::max((sum[0] + sum[1]) + (sum[2] + sum[3]), 0.0f), 1.0f);
        }
    }
}
