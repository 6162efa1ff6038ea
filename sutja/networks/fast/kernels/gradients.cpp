// Gradients of convolutions.
#include "convolution.h"

// -------------------------------------------------------------------------------------- gradient of the weights

// With pooling, only one of four places has a gradient, in each image another: pick its pixels, then multiply once.
template <int KERNEL, int FIRST, int ROWS>
static INLINE void pooled_weight_rows(const Convolution& c, const float* plane, const float* gradient, const Choice* choices, Floats* sums) {
    const int64_t row = int64_t(c.columns) * LANES;
    Floats taps[ROWS][KERNEL];
    UNROLL for (int ky = 0; ky < ROWS; ky++)
        UNROLL for (int kx = 0; kx < KERNEL; kx++) taps[ky][kx] = sums[(FIRST + ky) * KERNEL + kx];
    for (int y = 0; y < c.high / 2; y++) {
        const float* pixels = plane + (2 * y + FIRST) * row;
        for (int x = 0; x < c.wide / 2; x++, pixels += 2 * LANES, gradient += LANES, choices++) {
            const Floats g = load(gradient);
            const Mask lower = choices->lower, right = choices->right;
            Floats above[KERNEL + 1];
            UNROLL for (int kx = 0; kx <= KERNEL; kx++) above[kx] = load(pixels + kx * LANES);
            UNROLL for (int ky = 0; ky < ROWS; ky++) {
                Floats chosen[KERNEL + 1];
                UNROLL for (int kx = 0; kx <= KERNEL; kx++) {
                    const Floats below = load(pixels + (ky + 1) * row + kx * LANES);
                    chosen[kx] = select(lower, below, above[kx]);
                    above[kx] = below;
                }
                UNROLL for (int kx = 0; kx < KERNEL; kx++) taps[ky][kx] += g * select(right, chosen[kx + 1], chosen[kx]);
            }
        }
    }
    UNROLL for (int ky = 0; ky < ROWS; ky++)
        UNROLL for (int kx = 0; kx < KERNEL; kx++) sums[(FIRST + ky) * KERNEL + kx] = taps[ky][kx];
}

template <int KERNEL>
static void pooled_weight_gradient_with(const Convolution& c, const float* input, const float* gradient, const Choice* choices, Floats* sums) {
    const int64_t places = int64_t(c.high / 2) * (c.wide / 2);
    for (int channel = 0; channel < c.inputs; channel++)
        for (int o = 0; o < c.outputs; o++) {
            const float *plane = input + channel * c.plane(), *g = gradient + o * places * LANES;
            const Choice* chosen = choices + o * places;
            Floats* filter = sums + (int64_t(o) * c.inputs + channel) * KERNEL * KERNEL;
            if constexpr (MANY_REGISTERS && KERNEL == 5) {
                pooled_weight_rows<KERNEL, 0, 3>(c, plane, g, chosen, filter);
                pooled_weight_rows<KERNEL, 3, 2>(c, plane, g, chosen, filter);
            } else if constexpr (MANY_REGISTERS) {
                pooled_weight_rows<KERNEL, 0, KERNEL>(c, plane, g, chosen, filter);
            } else {
                pooled_weight_rows<KERNEL, 0, 1>(c, plane, g, chosen, filter);
                pooled_weight_rows<KERNEL, 1, 1>(c, plane, g, chosen, filter);
                pooled_weight_rows<KERNEL, 2, 1>(c, plane, g, chosen, filter);
                if constexpr (KERNEL == 5) {
                    pooled_weight_rows<KERNEL, 3, 1>(c, plane, g, chosen, filter);
                    pooled_weight_rows<KERNEL, 4, 1>(c, plane, g, chosen, filter);
                }
            }
        }
}

void pooled_weight_gradient(const Convolution& c, const float* input, const float* gradient, const Choice* choices, Floats* sums) {
    c.kernel == 5 ? pooled_weight_gradient_with<5>(c, input, gradient, choices, sums)
                  : pooled_weight_gradient_with<3>(c, input, gradient, choices, sums);
}

// One row of CHANNELS filters for one input channel, over all places of all blocks: the sums stay in the registers.
template <int KERNEL, int STRIDE, int CHANNELS>
static void weight_row(const Convolution& c, const Blocks& blocks, int o, int channel, int ky, float* result) {
    const int64_t row = int64_t(c.columns) * LANES, places = int64_t(c.high) * c.wide * LANES;
    Floats taps[CHANNELS][KERNEL] = {};
    for (int64_t block = 0; block < blocks.count; block++) {
        const float* gradient = blocks.gradient + block * blocks.gradient_step + o * places;
        const float* plane = blocks.input + block * blocks.input_step + channel * c.plane();
        for (int y = 0; y < c.high; y++) {
            const float* pixels = plane + (int64_t(y) * STRIDE + ky) * row;
            for (int x = 0; x < c.wide; x++, pixels += STRIDE * LANES, gradient += LANES) {
                Floats window[KERNEL];
                UNROLL for (int kx = 0; kx < KERNEL; kx++) window[kx] = load(pixels + kx * LANES);
                UNROLL for (int each = 0; each < CHANNELS; each++) {
                    const Floats g = load(gradient + each * places);
                    UNROLL for (int kx = 0; kx < KERNEL; kx++) taps[each][kx] += g * window[kx];
                }
            }
        }
    }
    for (int each = 0; each < CHANNELS; each++)
        for (int kx = 0; kx < KERNEL; kx++)
            result[(((o + each) * int64_t(c.inputs) + channel) * KERNEL + ky) * KERNEL + kx] = sum_of_lanes(taps[each][kx]);
}

template <int KERNEL, int STRIDE>
static void weight_gradient_with(const Convolution& c, const Blocks& blocks, float* result) {
    constexpr int MOST = MANY_REGISTERS ? 4 : 2;
    int o = 0;
    const auto rows = [&](auto row) {
        for (int channel = 0; channel < c.inputs; channel++)
            for (int ky = 0; ky < KERNEL; ky++) row(c, blocks, o, channel, ky, result);
    };
    for (; o + MOST <= c.outputs; o += MOST) rows(weight_row<KERNEL, STRIDE, MOST>);
    for (; o < c.outputs; o++) rows(weight_row<KERNEL, STRIDE, 1>);
}

void weight_gradient(const Convolution& c, const Blocks& blocks, float* result) {
    with_constants(c, [&](auto kernel, auto stride) { weight_gradient_with<kernel(), stride()>(c, blocks, result); });
}

// --------------------------------------------------------------------------------------- gradient of the input

void spread(const Convolution& c, const float* gradient, const Choice* choices, float* spreaded) {
    const int64_t row = int64_t(c.wide) * LANES;
    for (int o = 0; o < c.outputs; o++, spreaded += int64_t(c.high) * row)
        for (int y = 0; y < c.high / 2; y++)
            for (int x = 0; x < c.wide / 2; x++, gradient += LANES, choices++) {
                const Floats g = load(gradient), none = {};
                const Floats lower = select(choices->lower, g, none), upper = select(choices->lower, none, g);
                float* at = spreaded + 2 * y * row + 2 * x * LANES;
                store(at, select(choices->right, none, upper));
                store(at + LANES, select(choices->right, upper, none));
                store(at + row, select(choices->right, none, lower));
                store(at + row + LANES, select(choices->right, lower, none));
            }
}

// Columns FROM … TO - 1 of one row of the gradient of one input channel.
template <int KERNEL, int STRIDE, int WIDE, int FROM, int TO>
static INLINE void input_columns(const Convolution& c, const float* gradient, const float* weights, int channel, int y, float* result) {
    Floats sums[TO - FROM] = {};
    const int64_t places = int64_t(c.high) * WIDE * LANES, filter_size = int64_t(c.inputs) * KERNEL * KERNEL;
    for (int o = 0; o < c.outputs; o++)
        for (int ky = 0; ky < KERNEL; ky++) {
            const int from = y - ky;
            if (from < 0 || from % STRIDE || from / STRIDE >= c.high) continue;
            const float* g = gradient + o * places + int64_t(from / STRIDE) * WIDE * LANES;
            const float* w = weights + o * filter_size + (int64_t(channel) * KERNEL + ky) * KERNEL;
            Floats row[KERNEL];
            UNROLL for (int kx = 0; kx < KERNEL; kx++) row[kx] = all(w[kx]);
            UNROLL for (int x = 0; x < WIDE; x++) {
                if (x * STRIDE + KERNEL <= FROM || x * STRIDE >= TO) continue;
                const Floats value = load(g + x * LANES);
                UNROLL for (int kx = 0; kx < KERNEL; kx++)
                    if (x * STRIDE + kx >= FROM && x * STRIDE + kx < TO) sums[x * STRIDE + kx - FROM] += value * row[kx];
            }
        }
    UNROLL for (int x = FROM; x < TO; x++) store(result + x * LANES, sums[x - FROM]);
}

template <int KERNEL, int STRIDE, int WIDE>
static void input_rows(const Convolution& c, const float* gradient, const float* weights, float* result) {
    constexpr int REACHED = (WIDE - 1) * STRIDE + KERNEL, HALF = (REACHED + 1) / 2;
    for (int channel = 0; channel < c.inputs; channel++)
        for (int y = 0; y < c.rows; y++) {
            float* at = result + channel * c.plane() + int64_t(y) * c.columns * LANES;
            if constexpr (MANY_REGISTERS) {
                input_columns<KERNEL, STRIDE, WIDE, 0, REACHED>(c, gradient, weights, channel, y, at);
            } else {
                input_columns<KERNEL, STRIDE, WIDE, 0, HALF>(c, gradient, weights, channel, y, at);
                input_columns<KERNEL, STRIDE, WIDE, HALF, REACHED>(c, gradient, weights, channel, y, at);
            }
            for (int x = REACHED; x < c.columns; x++) store(at + int64_t(x) * LANES, Floats{});
        }
}

constexpr int MAX_WIDE = 12;  // widest output whose input gradient is computed, half of it with stride 2

template <int KERNEL, int STRIDE, int WIDE = (STRIDE == 1 ? MAX_WIDE : MAX_WIDE / 2)>
static void input_gradient_with(const Convolution& c, const float* gradient, const float* weights, float* result) {
    if (c.wide == WIDE) return input_rows<KERNEL, STRIDE, WIDE>(c, gradient, weights, result);
    if constexpr (WIDE > 1) input_gradient_with<KERNEL, STRIDE, WIDE - 1>(c, gradient, weights, result);
}

void input_gradient(const Convolution& c, const float* gradient, const float* weights, float* result) {
    with_constants(c, [&](auto kernel, auto stride) { input_gradient_with<kernel(), stride()>(c, gradient, weights, result); });
}
