#include "images.h"

#include <algorithm>
#include <vector>

#include "vectors.h"

typedef float Four __attribute__((vector_size(16)));

void gather(const uint8_t* __restrict from, int height, int width, int down, int right, float* __restrict to) {
    const int size = height * width, offset = down * width + right, unbroken = size - offset;
    for (int at = 0; at < unbroken; at++) to[offset + at] = float(from[at]) / 255.0f;
    for (int at = unbroken; at < size; at++) to[at - unbroken] = float(from[at]) / 255.0f;
    for (int row = 0; row < height; row++)  // in one piece, the columns that come back on the left are a row too low
        for (int column = 0; column < right; column++)
            to[(row + down) % height * width + column] = float(from[(row + 1) * width - right + column]) / 255.0f;
}

constexpr int KNOTS = 5, MAX_SIDE = 64, BORDER = 4;

// Weights of bicubic interpolation for the pixels at -1, 0, 1 and 2 from a place `t` right of pixel 0, as PyTorch's.
static INLINE Four cubic(float t) {
    const Four constant = {0, 1, 0, 0}, linear = {-0.75f, 0, 0.75f, 0};
    const Four square = {1.5f, -2.25f, 1.5f, -0.75f}, cube = {-0.75f, 1.25f, -1.25f, 0.75f};
    return ((cube * t + square) * t + linear) * t + constant;
}

// Where each pixel of one image is sampled, in pixels: (2, side, side).
static void find_places(const Distortion& d, const float* columns, int64_t image, float* __restrict places) {
    const int side = d.side;
    float centre[MAX_SIDE], bent[KNOTS][MAX_SIDE];
    for (int at = 0; at < side; at++) centre[at] = (at + 0.5f) * 2 / side - 1;
    for (int axis = 0; axis < 2; axis++) {
        const float identity[2][3] = {{1, 0, 0}, {0, 1, 0}};
        const float* m = d.matrices ? d.matrices + (image * 2 + axis) * 3 : identity[axis];
        if (d.knots)
            for (int row = 0; row < KNOTS; row++) {
                const float* k = d.knots + ((image * 2 + axis) * KNOTS + row) * KNOTS;
                const float k0 = k[0], k1 = k[1], k2 = k[2], k3 = k[3], k4 = k[4];
                for (int x = 0; x < side; x++)
                    bent[row][x] = k0 * columns[x] + k1 * columns[side + x] + k2 * columns[2 * side + x] +
                                   k3 * columns[3 * side + x] + k4 * columns[4 * side + x];
            }
        for (int y = 0; y < side; y++) {
            float* __restrict to = places + (int64_t(axis) * side + y) * side;
            for (int x = 0; x < side; x++) to[x] = m[0] * centre[x] + (m[1] * centre[y] + m[2]);
            if (d.knots) {
                const float* s = d.splines + y * KNOTS;
                const float s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3], s4 = s[4];
                for (int x = 0; x < side; x++)
                    to[x] += s0 * bent[0][x] + s1 * bent[1][x] + s2 * bent[2][x] + s3 * bent[3][x] + s4 * bent[4][x];
            }
            for (int x = 0; x < side; x++) to[x] = ((to[x] + 1) * side - 1) / 2;
        }
    }
}

#if defined(__clang__)
#define PICK(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
#define PICK(a, b, i, j, k, l) __builtin_shuffle(a, b, (FourInts){i, j, k, l})
#endif
typedef int32_t FourInts __attribute__((vector_size(16)));

// The sums of four vectors.
static INLINE Four sums_of(const Four terms[4]) {
    const Four first = PICK(terms[0], terms[1], 0, 4, 2, 6) + PICK(terms[0], terms[1], 1, 5, 3, 7);
    const Four second = PICK(terms[2], terms[3], 0, 4, 2, 6) + PICK(terms[2], terms[3], 1, 5, 3, 7);
    return PICK(first, second, 0, 1, 4, 5) + PICK(first, second, 2, 3, 6, 7);
}

struct Samples {  // of the pixels of one image: the first pixel that is read, and what the place lies beyond it
    std::vector<int32_t> first;
    std::vector<float> across, rows[4];  // `rows` are the weights of the four rows
    explicit Samples(int pixels) : first(pixels), across(pixels) {
        for (auto& each : rows) each.resize(pixels);
    }
};

static void find_samples(const float* places, int side, Samples& samples) {
    const int pixels = side * side, wide = side + 2 * BORDER;
    const float last = side + 1.5f;  // beyond it and before -3 there is only paper
    int32_t* __restrict first = samples.first.data();
    float* __restrict across = samples.across.data();
    float *__restrict r0 = samples.rows[0].data(), *__restrict r1 = samples.rows[1].data();
    float *__restrict r2 = samples.rows[2].data(), *__restrict r3 = samples.rows[3].data();
    for (int at = 0; at < pixels; at++) {
        float x = places[at], y = places[pixels + at];
        x = (x < -3 ? -3 : x > last ? last : x) + BORDER;  // no more below zero: rounding is towards the left
        y = (y < -3 ? -3 : y > last ? last : y) + BORDER;
        const int left = int(x), top = int(y);
        const float t = y - float(top), u = 1 - t;
        first[at] = (top - 1) * wide + left - 1;
        across[at] = x - float(left);
        r0[at] = -0.75f * t * u * u;  // PyTorch's cubic with A = -0.75
        r1[at] = (1.25f * t - 2.25f) * t * t + 1;
        r2[at] = (1.25f * u - 2.25f) * u * u + 1;
        r3[at] = -0.75f * u * t * t;
    }
}

void distort(const Distortion& d, const float* images, int64_t first, int64_t last, float* result) {
    const int side = d.side, pixels = side * side, wide = side + 2 * BORDER;
    std::vector<float> places(2 * pixels), framed(wide * wide), columns(KNOTS * side);  // framed: with paper around it
    for (int x = 0; x < side; x++)
        for (int k = 0; k < KNOTS; k++) columns[k * side + x] = d.splines[x * KNOTS + k];
    Samples samples(pixels);
    for (int64_t image = first; image < last; image++) {
        for (int y = 0; y < side; y++)
            memcpy(&framed[(y + BORDER) * wide + BORDER], images + (image * side + y) * side, side * sizeof(float));
        find_places(d, columns.data(), image, places.data());
        find_samples(places.data(), side, samples);
        float* to = result + image * pixels;
        for (int at = 0; at < pixels; at += 4) {
            const int count = std::min(4, pixels - at);
            Four terms[4] = {};
            UNROLL for (int each = 0; each < 4; each++) {
                const int pixel = at + std::min(each, count - 1);
                const float* from = &framed[samples.first[pixel]];
                Four sum = {};
                UNROLL for (int row = 0; row < 4; row++) {
                    Four four;
                    memcpy(&four, from + row * wide, sizeof four);
                    sum += four * samples.rows[row][pixel];
                }
                terms[each] = sum * cubic(samples.across[pixel]);
            }
            Four sums = sums_of(terms);
            sums = sums < 0.0f ? Four{} : sums;
            sums = sums > 1.0f ? Four{} + 1.0f : sums;
            memcpy(to + at, &sums, count * sizeof(float));
        }
    }
}
