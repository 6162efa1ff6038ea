// Convolutions forward.
#include "convolution.h"

// The sums of CHANNELS filters at HIGH × WIDE neighbouring places of the output.
template <int KERNEL, int STRIDE, int HIGH, int WIDE, int CHANNELS>
static INLINE void filter(const Convolution& c, const float* input, const float* weights, Floats sums[CHANNELS][HIGH * WIDE]) {
    const int64_t plane = c.plane(), row = int64_t(c.columns) * LANES;
    const int64_t filter_size = int64_t(c.inputs) * KERNEL * KERNEL;
    for (int channel = 0; channel < c.inputs; channel++, input += plane, weights += KERNEL * KERNEL)
        for (int ky = 0; ky < KERNEL; ky++)
            UNROLL for (int kx = 0; kx < KERNEL; kx++) {
                Floats pixels[HIGH * WIDE];
                UNROLL for (int y = 0; y < HIGH; y++)
                    UNROLL for (int x = 0; x < WIDE; x++)
                        pixels[y * WIDE + x] = load(input + (y * STRIDE + ky) * row + (x * STRIDE + kx) * LANES);
                UNROLL for (int o = 0; o < CHANNELS; o++) {
                    const Floats weight = all(weights[o * filter_size + ky * KERNEL + kx]);
                    UNROLL for (int p = 0; p < HIGH * WIDE; p++) sums[o][p] += pixels[p] * weight;
                }
            }
}

// Stores one output: of a channel at a place, after pooling.
static INLINE void put(const Convolution& c, const Outputs& outputs, int channel, int y, int x, Floats sum, const Choice& choice) {
    if (outputs.relu) sum = select(greater(Floats{}, sum), Floats{}, sum);  // keeps what is no number
    store(outputs.values + outputs.maps.at(channel, y, x), sum);
    if (c.pool) outputs.choices[(int64_t(channel) * c.pooled_high() + y) * c.pooled_wide() + x] = choice;
}

template <int KERNEL, int STRIDE, int HIGH, int WIDE, int CHANNELS>
static void place(const Convolution& c, const float* input, const float* weights, const float* bias, int channel, int y, int x, const Outputs& outputs) {
    Floats sums[CHANNELS][HIGH * WIDE];
    UNROLL for (int o = 0; o < CHANNELS; o++)
        UNROLL for (int p = 0; p < HIGH * WIDE; p++) sums[o][p] = bias ? all(bias[channel + o]) : Floats{};
    const int64_t first = (int64_t(y) * STRIDE * c.columns + int64_t(x) * STRIDE) * LANES;
    filter<KERNEL, STRIDE, HIGH, WIDE, CHANNELS>(c, input + first, weights + int64_t(channel) * c.inputs * KERNEL * KERNEL, sums);
    UNROLL for (int o = 0; o < CHANNELS; o++) {
        if (HIGH == 2) {
            const Mask upper_right = greater(sums[o][1], sums[o][0]), lower_right = greater(sums[o][3], sums[o][2]);
            const Floats upper = select(upper_right, sums[o][1], sums[o][0]);
            const Floats lower = select(lower_right, sums[o][3], sums[o][2]);
            const Mask below = greater(lower, upper);
            put(c, outputs, channel + o, y / 2, x / 2, select(below, lower, upper), Choice{below, select_mask(below, lower_right, upper_right)});
        } else {
            UNROLL for (int p = 0; p < WIDE; p++) put(c, outputs, channel + o, y, x + p, sums[o][p], Choice{});
        }
    }
}

template <int KERNEL, int STRIDE, int HIGH, int WIDE>
static void all_channels(const Convolution& c, const float* input, const float* weights, const float* bias, int y, int x, const Outputs& outputs) {
    constexpr int MOST = MANY_REGISTERS ? 4 : 2;
    int channel = 0;
    if (MANY_REGISTERS && c.outputs % 4 == 2)
        for (; channel < 6; channel += 3) {
            if (channel + 3 > c.outputs) break;
            place<KERNEL, STRIDE, HIGH, WIDE, 3>(c, input, weights, bias, channel, y, x, outputs);
        }
    for (; channel + MOST <= c.outputs; channel += MOST)
        place<KERNEL, STRIDE, HIGH, WIDE, MOST>(c, input, weights, bias, channel, y, x, outputs);
    for (; channel < c.outputs; channel++)
        place<KERNEL, STRIDE, HIGH, WIDE, 1>(c, input, weights, bias, channel, y, x, outputs);
}

template <int KERNEL, int STRIDE>
static void convolve_with(const Convolution& c, const float* input, const float* weights, const float* bias, const Outputs& outputs) {
    if constexpr (STRIDE == 1)
        if (c.pool) {
            for (int y = 0; y + 1 < c.high; y += 2)
                for (int x = 0; x + 1 < c.wide; x += 2)
                    all_channels<KERNEL, 1, 2, 2>(c, input, weights, bias, y, x, outputs);
            return;
        }
    for (int y = 0; y < c.high; y++) {
        int x = 0;
        for (; x + 4 <= c.wide; x += 4) all_channels<KERNEL, STRIDE, 1, 4>(c, input, weights, bias, y, x, outputs);
        for (; x < c.wide; x++) all_channels<KERNEL, STRIDE, 1, 1>(c, input, weights, bias, y, x, outputs);
    }
}

void convolve(const Convolution& c, const float* input, const float* weights, const float* bias, const Outputs& outputs) {
    with_constants(c, [&](auto kernel, auto stride) { convolve_with<kernel(), stride()>(c, input, weights, bias, outputs); });
}
