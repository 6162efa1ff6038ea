// Networks as lists of layers: logits of a batch, and the gradient of all weights.
//
// A batch is cut into blocks of LANES images. Each thread owns the same blocks in every call, so the same number of
// threads gives the same sums. Activations stay in the workspace from the forward to the backward pass.
#pragma once

#include <cmath>
#include <vector>

#include "convolution.h"
#include "matrix.h"
#include "pool.h"

struct Layer {  // as `plan.py` describes it
    int32_t convolution;  // 1, or 0 for a linear layer, whose inputs are `inputs` × 1 × 1
    int32_t inputs, height, width, outputs;
    int32_t kernel, stride, padding, pool;
    int32_t relu, norm, channels_last;  // channels_last: the outputs are flattened with the channels last
    float dropout, epsilon, momentum;   // dropout is that of the outputs
};

struct Weights {  // of one layer; what it does not have is null
    const float *weight, *bias, *scale, *shift;
    float *mean, *variance;  // running averages
};

struct Input {  // count images of height × width pixels, at `indices` unless these are null
    const void* pixels;
    const int64_t* indices;
    int64_t count;
    int32_t bytes;  // 1 for uint8, 0 for float
    int32_t height, width, top, left, high, wide;  // of the images, and the part of them that the network sees
    float factor, offset;                          // pixel · factor + offset is what the first layer takes
};

constexpr int64_t ALIGNED_FLOATS = 16;
static INLINE int64_t aligned(int64_t floats) { return (floats + ALIGNED_FLOATS - 1) / ALIGNED_FLOATS * ALIGNED_FLOATS; }

struct Geometry : Layer {
    Convolution c;
    int64_t input_floats, output_floats;  // of a block; the input with its padding, the output without
    int64_t parameters = 0, first_parameter = 0;

    explicit Geometry(const Layer& layer) : Layer(layer) {
        const int rows = height + 2 * padding, columns = width + 2 * padding;
        const int high = convolution ? (rows - kernel) / stride + 1 : 1, wide = convolution ? (columns - kernel) / stride + 1 : 1;
        c = {inputs, rows, columns, outputs, kernel, stride, high, wide, pool != 0};
        input_floats = convolution ? inputs * c.plane() : int64_t(inputs) * LANES;
        output_floats = int64_t(outputs) * c.pooled_high() * c.pooled_wide() * LANES;
    }
    int64_t places() const { return int64_t(c.pooled_high()) * c.pooled_wide(); }
    int64_t weight_count() const { return convolution ? c.weights() : int64_t(inputs) * outputs; }
    int64_t fan_in() const { return weight_count() / outputs; }
};

class Network {
   public:
    Network(const Layer* layers, int count, const Weights* weights, int64_t images, int threads, float* workspace)
        : weights(weights), images(images), threads(threads), blocks((images + LANES - 1) / LANES) {
        for (int s = 0; s < count; s++) {
            Geometry g(layers[s]);
            g.first_parameter = parameters;
            g.parameters = g.weight_count() + (weights[s].bias ? g.outputs : 0) + (g.norm ? 2 * g.outputs : 0);
            parameters += g.parameters;
            all.push_back(g);
        }
        place_buffers(workspace);
    }

    int64_t workspace_floats() const { return used; }

    void forward(const Input& input, float* logits, uint32_t seed, bool training) {
        Barrier barrier(threads);
        Pool::run(threads, [&](int thread) { forward_part(input, logits, seed, training, thread, barrier); });
    }

    void backward(const float* logits_gradient, float* gradient) {
        Barrier barrier(threads);
        Pool::run(threads, [&](int thread) { backward_part(logits_gradient, gradient, thread, barrier); });
    }

   private:
    const Weights* weights;
    const int64_t images;
    const int threads;
    const int64_t blocks;
    std::vector<Geometry> all;
    int64_t parameters = 0, used = 0;
    struct Buffers {
        float *input = nullptr, *input_gradient = nullptr;  // of a layer, for all blocks
        float *before = nullptr, *before_gradient = nullptr;  // before batch normalisation, ReLU and dropout
        Choice* choices = nullptr;
        float *mean = nullptr, *inverse = nullptr;  // of batch normalisation: 1 / standard deviation
        double* moments = nullptr;                   // two sums for each channel and thread
    };
    std::vector<Buffers> buffers;  // one more than layers: the last holds the logits
    struct Scratch {
        float *gradient, *sums, *pooled, *spreaded, *rows, *gradient_rows;
    };
    std::vector<Scratch> scratch;  // one for each thread

    float* take(float* workspace, int64_t floats) {
        float* at = workspace + used;
        used += aligned(floats);
        return at;
    }

    void place_buffers(float* workspace) {
        int64_t sums = 0, pooled = 0, spreaded = 0, widest = 0;
        for (const Geometry& g : all) {
            Buffers b;
            b.input = take(workspace, blocks * g.input_floats);
            b.input_gradient = take(workspace, blocks * g.input_floats);
            if (g.pool) b.choices = reinterpret_cast<Choice*>(take(workspace, blocks * g.output_floats / LANES * int64_t(sizeof(Choice)) / 4 + 1));
            if (g.convolution && (g.norm || !g.pool)) b.before_gradient = take(workspace, blocks * g.output_floats);
            if (g.norm) {
                b.before = take(workspace, blocks * g.output_floats);
                b.mean = take(workspace, g.outputs);
                b.inverse = take(workspace, g.outputs);
                b.moments = reinterpret_cast<double*>(take(workspace, int64_t(threads) * g.outputs * 4));
            }
            buffers.push_back(b);
            if (g.convolution) {
                sums = std::max(sums, (g.outputs + (g.pool ? g.c.weights() : 0)) * LANES);
                pooled = std::max(pooled, g.output_floats);
                if (g.pool) spreaded = std::max(spreaded, int64_t(g.outputs) * g.c.high * g.c.wide * LANES);
            } else {
                widest = std::max({widest, int64_t(g.inputs), int64_t(g.outputs)});
            }
        }
        Buffers last;
        last.input = take(workspace, blocks * all.back().output_floats);
        last.input_gradient = take(workspace, blocks * all.back().output_floats);
        buffers.push_back(last);
        const int64_t rows = (blocks / threads + 1) * LANES * aligned(widest + LANES);
        for (int thread = 0; thread < threads; thread++) {
            Scratch s;
            s.gradient = take(workspace, parameters);
            s.sums = take(workspace, sums);
            s.pooled = take(workspace, pooled);
            s.spreaded = take(workspace, spreaded);
            s.rows = take(workspace, rows);
            s.gradient_rows = take(workspace, rows);
            scratch.push_back(s);
        }
    }

    // Where the outputs of layer `s` are in the input of the next one.
    Maps output_maps(int s) const {
        const Geometry& g = all[s];
        const int64_t high = g.c.pooled_high(), wide = g.c.pooled_wide();
        if (s + 1 < int(all.size()) && all[s + 1].convolution)
            return {all[s + 1].c.plane(), int64_t(all[s + 1].c.columns) * LANES, LANES};
        if (g.channels_last) return {LANES, wide * g.outputs * LANES, int64_t(g.outputs) * LANES};
        return {high * wide * LANES, wide * LANES, LANES};
    }
    int64_t output_offset(int s) const {
        if (s + 1 == int(all.size()) || !all[s + 1].convolution) return 0;
        return (int64_t(all[s + 1].padding) * all[s + 1].c.columns + all[s + 1].padding) * LANES;
    }
    int64_t next_floats(int s) const { return s + 1 < int(all.size()) ? all[s + 1].input_floats : all[s].output_floats; }

    // ------------------------------------------------------------------------------------------------ forward

    template <class Pixel>
    static INLINE Floats pixels_of(const Pixel* at) {
        if constexpr (sizeof(Pixel) == 4) return load_unaligned(at);
        typedef uint8_t Bytes __attribute__((vector_size(LANES)));
        Bytes bytes;
        memcpy(&bytes, at, sizeof bytes);
        return __builtin_convertvector(bytes, Floats);
    }

    template <class Pixel>
    void reorder(const Input& input, int64_t block) {
        const Geometry& g = all[0];
        float* to = buffers[0].input + block * g.input_floats;
        const int64_t size = int64_t(input.height) * input.width, first = block * LANES;
        const Pixel* images_of[LANES] = {};
        for (int lane = 0; lane < LANES && first + lane < input.count; lane++)
            images_of[lane] = static_cast<const Pixel*>(input.pixels) + (input.indices ? input.indices[first + lane] : first + lane) * size;
        const int high = input.high, wide = input.wide;
        const int64_t row = g.convolution ? int64_t(g.c.columns) * LANES : int64_t(wide) * LANES;
        const int64_t start = g.convolution ? (int64_t(g.padding) * g.c.columns + g.padding) * LANES : 0;
        for (int y = 0; y < high; y++) {
            const int64_t from = int64_t(y + input.top) * input.width + input.left;
            for (int x = 0; x < wide; x += LANES) {
                const int at = std::min(x, wide - LANES);  // the last vector overlaps the one before
                Floats square[LANES];
                for (int lane = 0; lane < LANES; lane++)
                    square[lane] = images_of[lane] ? pixels_of(images_of[lane] + from + at) * input.factor + input.offset : Floats{};
                transpose(square);
                UNROLL for (int lane = 0; lane < LANES; lane++) store(to + start + y * row + (at + lane) * LANES, square[lane]);
            }
        }
    }

    static INLINE Words mixed(Words x) {  // the finaliser of MurmurHash3, by A. Appleby
        x ^= x >> 16;
        x *= 0x85ebca6bu;
        x ^= x >> 13;
        x *= 0xc2b2ae35u;
        return x ^ (x >> 16);
    }

    // Drops values of the outputs of layer `s`; which ones depends on seed, image and place alone.
    void drop(int s, int64_t block, uint32_t seed) {
        const Geometry& g = all[s];
        if (g.dropout <= 0) return;
        const int64_t values = g.output_floats / LANES;
        float* at = buffers[s + 1].input + block * next_floats(s);
        Words number;
        for (int lane = 0; lane < LANES; lane++) number[lane] = uint32_t((block * LANES + lane) * values);
        const Words key = mixed(Words{} + (seed + 0x9e3779b9u * uint32_t(s + 1)));
        const int32_t limit = int32_t(double(g.dropout) * (1 << 24));
        const Floats kept = ::all(1 / (1 - g.dropout));
        for (int64_t value = 0; value < values; value++, at += LANES) {
            const Ints random = (Ints)(mixed((number + uint32_t(value)) * 0x9e3779b1u ^ key) >> 8);
            store(at, load(at) * (random >= limit ? kept : Floats{}));
        }
    }

    void forward_convolution(int s, int64_t block) {
        const Geometry& g = all[s];
        const int64_t wide = g.c.pooled_wide();
        float* to = g.norm ? buffers[s].before + block * g.output_floats
                           : buffers[s + 1].input + block * next_floats(s) + output_offset(s);
        const Outputs outputs = {to, g.norm ? Maps{g.places() * LANES, wide * LANES, LANES} : output_maps(s), g.relu && !g.norm,
                                 buffers[s].choices + block * g.output_floats / LANES};
        convolve(g.c, buffers[s].input + block * g.input_floats, weights[s].weight, weights[s].bias, outputs);
    }

    void forward_linear(int s, int64_t first, int64_t last) {
        const Geometry& g = all[s];
        const Product p = {weights[s].weight, g.inputs, 1, buffers[s].input + first * g.input_floats, LANES, g.input_floats, g.inputs};
        const Result result = {buffers[s + 1].input + first * next_floats(s), LANES, next_floats(s), (last - first) * LANES,
                               weights[s].bias, g.relu != 0};
        multiply(p, g.outputs, last - first, result);
    }

    Floats lanes_of(int64_t block) const {  // 1 for each image of a block, 0 where there is none
        Floats present;
        for (int lane = 0; lane < LANES; lane++) present[lane] = block * LANES + lane < images;
        return present;
    }

    void take_moments(int s, const Part& part, int thread) {
        const Geometry& g = all[s];
        double* moments = buffers[s].moments + int64_t(thread) * 2 * g.outputs;
        for (int o = 0; o < g.outputs; o++) {
            Floats sum = {}, squares = {};
            for (int64_t block = part.first; block < part.last; block++) {
                const Floats present = lanes_of(block);
                const float* at = buffers[s].before + block * g.output_floats + o * g.places() * LANES;
                for (int64_t place = 0; place < g.places(); place++) {
                    const Floats value = load(at + place * LANES) * present;
                    sum += value;
                    squares += value * value;
                }
            }
            moments[2 * o] = sum_of_lanes(sum);
            moments[2 * o + 1] = sum_of_lanes(squares);
        }
    }

    void find_mean_and_deviation(int s, bool training, int thread) {  // each thread for itself, all to the same result
        const Geometry& g = all[s];
        const Weights& w = weights[s];
        const double count = double(images) * g.places();
        for (int o = 0; o < g.outputs; o++) {
            double mean = w.mean[o], variance = w.variance[o];
            if (training) {
                double sum = 0, squares = 0;
                for (int each = 0; each < threads; each++) {
                    sum += buffers[s].moments[(int64_t(each) * g.outputs + o) * 2];
                    squares += buffers[s].moments[(int64_t(each) * g.outputs + o) * 2 + 1];
                }
                mean = sum / count;
                variance = std::max(0.0, squares / count - mean * mean);
            }
            if (thread == 0) {
                buffers[s].mean[o] = float(mean);
                buffers[s].inverse[o] = float(1 / std::sqrt(variance + g.epsilon));
                if (training) {
                    w.mean[o] += g.momentum * (float(mean) - w.mean[o]);
                    w.variance[o] += g.momentum * (float(variance * count / std::max(1.0, count - 1)) - w.variance[o]);
                }
            }
        }
    }

    void normalise(int s, int64_t block) {
        const Geometry& g = all[s];
        const Maps maps = output_maps(s);
        const float* from = buffers[s].before + block * g.output_floats;
        float* to = buffers[s + 1].input + block * next_floats(s) + output_offset(s);
        for (int o = 0; o < g.outputs; o++) {
            const float factor = weights[s].scale[o] * buffers[s].inverse[o];
            const Floats scale = ::all(factor), shift = ::all(weights[s].shift[o] - buffers[s].mean[o] * factor);
            for (int y = 0; y < g.c.pooled_high(); y++)
                for (int x = 0; x < g.c.pooled_wide(); x++, from += LANES) {
                    Floats value = load(from) * scale + shift;
                    if (g.relu) value = select(greater(Floats{}, value), Floats{}, value);
                    store(to + maps.at(o, y, x), value);
                }
        }
    }

    void forward_part(const Input& input, float* logits, uint32_t seed, bool training, int thread, Barrier& barrier) {
        const Part part(blocks, thread, threads);
        const int count = int(all.size());
        for (int64_t block = part.first; block < part.last; block++)
            input.bytes ? reorder<uint8_t>(input, block) : reorder<float>(input, block);
        for (int s = 0; s < count;) {
            const Geometry& g = all[s];
            if (!g.convolution) {
                forward_linear(s, part.first, part.last);
                if (training)
                    for (int64_t block = part.first; block < part.last; block++) drop(s, block, seed);
                s++;
                continue;
            }
            int end = s + 1;  // what follows without a batch normalisation between stays in the cache
            while (!all[end - 1].norm && end < count && all[end].convolution) end++;
            for (int64_t block = part.first; block < part.last; block++)
                for (int each = s; each < end; each++) {
                    forward_convolution(each, block);
                    if (training && !all[each].norm) drop(each, block, seed);
                }
            if (all[end - 1].norm) {
                if (training) take_moments(end - 1, part, thread);
                barrier.wait();
                find_mean_and_deviation(end - 1, training, thread);
                barrier.wait();
                for (int64_t block = part.first; block < part.last; block++) {
                    normalise(end - 1, block);
                    if (training) drop(end - 1, block, seed);
                }
            }
            s = end;
        }
        const int outputs = all.back().outputs;
        for (int64_t image = part.first * LANES; image < std::min(part.last * LANES, images); image++)
            for (int o = 0; o < outputs; o++)
                logits[image * outputs + o] = buffers[count].input[(image / LANES * outputs + o) * LANES + image % LANES];
    }

    // ----------------------------------------------------------------------------------------------- backward

    // Rows of `features` values for each image, from blocks with the images innermost; returns their length.
    int64_t as_rows(const float* blocks_of, int64_t features, const Part& part, float* rows) const {
        const int64_t length = (features + LANES - 1) / LANES * LANES;
        for (int64_t block = part.first; block < part.last; block++)
            for (int64_t first = 0; first < features; first += LANES) {
                Floats square[LANES];
                for (int lane = 0; lane < LANES; lane++)
                    square[lane] = first + lane < features ? load(blocks_of + (block * features + first + lane) * LANES) : Floats{};
                transpose(square);
                for (int lane = 0; lane < LANES; lane++)
                    store(rows + ((block - part.first) * LANES + lane) * length + first, square[lane]);
            }
        return length;
    }

    // The gradient before ReLU and dropout of an output: what is not positive has none.
    INLINE Floats passed(const Geometry& g, Floats gradient, Floats output) const {
        if (!g.relu) return gradient;
        return select(greater(output, Floats{}), gradient * (1 / (1 - g.dropout)), Floats{});
    }

    void backward_linear(int s, const Part& part, Scratch& mine) {
        const Geometry& g = all[s];
        float* gradient = buffers[s + 1].input_gradient;
        const float* outputs = buffers[s + 1].input;
        if (g.relu)
            for (int64_t at = part.first * g.outputs * LANES; at < part.last * g.outputs * LANES; at += LANES)
                store(gradient + at, passed(g, load(gradient + at), load(outputs + at)));
        float* result = mine.gradient + g.first_parameter;
        const int64_t length = as_rows(buffers[s].input, g.inputs, part, mine.rows);
        const int64_t gradient_length = as_rows(gradient, g.outputs, part, mine.gradient_rows);
        const int64_t steps = (part.last - part.first) * LANES;
        const Product of_weights = {mine.gradient_rows, 1, gradient_length, mine.rows, length, LANES, steps};
        multiply(of_weights, g.outputs, length / LANES, {result, g.inputs, LANES, g.inputs, nullptr, false});
        if (weights[s].bias)
            for (int o = 0; o < g.outputs; o++) {
                Floats sum = {};
                for (int64_t block = part.first; block < part.last; block++) sum += load(gradient + (block * g.outputs + o) * LANES);
                result[g.weight_count() + o] = sum_of_lanes(sum);
            }
        if (s == 0) return;
        const Product of_inputs = {weights[s].weight, 1, g.inputs, gradient + part.first * g.outputs * LANES, LANES, int64_t(g.outputs) * LANES, g.outputs};
        const Result of_block = {buffers[s].input_gradient + part.first * g.input_floats, LANES, g.input_floats,
                                 (part.last - part.first) * LANES, nullptr, false};
        multiply(of_inputs, g.inputs, part.last - part.first, of_block);
    }

    // The gradient of a block before ReLU and dropout, (outputs, pooled_high, pooled_wide).
    void gather_gradient(int s, int64_t block, float* to) const {
        const Geometry& g = all[s];
        const Maps maps = output_maps(s);
        const int64_t first = block * next_floats(s) + output_offset(s);
        const float *gradient = buffers[s + 1].input_gradient + first, *outputs = buffers[s + 1].input + first;
        for (int o = 0; o < g.outputs; o++)
            for (int y = 0; y < g.c.pooled_high(); y++)
                for (int x = 0; x < g.c.pooled_wide(); x++, to += LANES) {
                    const int64_t at = maps.at(o, y, x);
                    store(to, passed(g, load(gradient + at), load(outputs + at)));
                }
    }

    // Batch normalisation: the gradient before it, and those of its scale and shift.
    void backward_norm(int s, const Part& part, Scratch& mine, int thread, Barrier& barrier) {
        const Geometry& g = all[s];
        const Buffers& b = buffers[s];
        const int64_t places = g.places() * LANES;
        for (int64_t block = part.first; block < part.last; block++) gather_gradient(s, block, b.before_gradient + block * g.output_floats);
        float* result = mine.gradient + g.first_parameter + g.weight_count() + (weights[s].bias ? g.outputs : 0);
        double* moments = b.moments + int64_t(thread) * 2 * g.outputs;
        for (int o = 0; o < g.outputs; o++) {
            Floats sum = {}, products = {};
            const Floats mean = ::all(b.mean[o]), inverse = ::all(b.inverse[o]);
            for (int64_t block = part.first; block < part.last; block++)
                for (int64_t at = block * g.output_floats + o * places, end = at + places; at < end; at += LANES) {
                    const Floats gradient = load(b.before_gradient + at);
                    sum += gradient;
                    products += gradient * ((load(b.before + at) - mean) * inverse);
                }
            moments[2 * o] = sum_of_lanes(products);
            moments[2 * o + 1] = sum_of_lanes(sum);
            result[o] = float(moments[2 * o]);
            result[g.outputs + o] = float(moments[2 * o + 1]);
        }
        barrier.wait();
        const double count = double(images) * g.places();
        for (int o = 0; o < g.outputs; o++) {
            double products = 0, sum = 0;
            for (int each = 0; each < threads; each++) {
                products += b.moments[(int64_t(each) * g.outputs + o) * 2];
                sum += b.moments[(int64_t(each) * g.outputs + o) * 2 + 1];
            }
            const Floats mean = ::all(b.mean[o]), inverse = ::all(b.inverse[o]), factor = ::all(weights[s].scale[o] * b.inverse[o]);
            const Floats of_mean = ::all(float(sum / count)), of_deviation = ::all(float(products / count));
            for (int64_t block = part.first; block < part.last; block++) {
                const Floats present = lanes_of(block);
                for (int64_t at = block * g.output_floats + o * places, end = at + places; at < end; at += LANES) {
                    const Floats normalised = (load(b.before + at) - mean) * inverse;
                    const Floats gradient = load(b.before_gradient + at) - of_mean - normalised * of_deviation;
                    store(b.before_gradient + at, gradient * factor * present);
                }
            }
        }
    }

    void backward_convolution(int s, const Part& part, Scratch& mine, int thread, Barrier& barrier) {
        const Geometry& g = all[s];
        const Convolution& c = g.c;
        if (g.norm) backward_norm(s, part, mine, thread, barrier);
        const int64_t pooled_weights = g.pool ? c.weights() : 0;
        Floats* biases = reinterpret_cast<Floats*>(mine.sums);
        Floats* sums = biases + g.outputs;
        memset(biases, 0, (pooled_weights + g.outputs) * sizeof(Floats));
        for (int64_t block = part.first; block < part.last; block++) {
            float* gradient = g.norm || !g.pool ? buffers[s].before_gradient + block * g.output_floats : mine.pooled;
            if (!g.norm) gather_gradient(s, block, gradient);
            if (weights[s].bias)
                for (int o = 0; o < g.outputs; o++)
                    for (int64_t place = 0; place < g.places(); place++) biases[o] += load(gradient + (o * g.places() + place) * LANES);
            const Choice* choices = buffers[s].choices + block * g.output_floats / LANES;
            const float* input = buffers[s].input + block * g.input_floats;
            if (g.pool) pooled_weight_gradient(c, input, gradient, choices, sums);
            if (s == 0) continue;
            if (g.pool) {
                if (c.high % 2 || c.wide % 2) memset(mine.spreaded, 0, int64_t(g.outputs) * c.high * c.wide * LANES * sizeof(float));
                spread(c, gradient, choices, mine.spreaded);
                gradient = mine.spreaded;
            }
            float* to = buffers[s].input_gradient + block * g.input_floats;
            input_gradient(c, gradient, weights[s].weight, to);
        }
        float* result = mine.gradient + g.first_parameter;
        for (int64_t at = 0; at < pooled_weights; at++) result[at] = sum_of_lanes(sums[at]);
        if (weights[s].bias)
            for (int o = 0; o < g.outputs; o++) result[c.weights() + o] = sum_of_lanes(biases[o]);
        if (g.pool) return;
        const Blocks mine_of = {buffers[s].input + part.first * g.input_floats, buffers[s].before_gradient + part.first * g.output_floats,
                                part.last - part.first, g.input_floats, g.output_floats};
        weight_gradient(c, mine_of, result);
    }

    void backward_part(const float* logits_gradient, float* gradient, int thread, Barrier& barrier) {
        const Part part(blocks, thread, threads);
        const int count = int(all.size()), outputs = all.back().outputs;
        for (int64_t image = part.first * LANES; image < part.last * LANES; image++)
            for (int o = 0; o < outputs; o++)
                buffers[count].input_gradient[(image / LANES * outputs + o) * LANES + image % LANES] =
                    image < images ? logits_gradient[image * outputs + o] : 0;
        for (int s = count - 1; s >= 0; s--)
            all[s].convolution ? backward_convolution(s, part, scratch[thread], thread, barrier) : backward_linear(s, part, scratch[thread]);
        barrier.wait();
        const Part owned(parameters, thread, threads);
        for (int64_t at = owned.first; at < owned.last; at++) {
            float sum = scratch[0].gradient[at];
            for (int each = 1; each < threads; each++) sum += scratch[each].gradient[at];
            gradient[at] = sum;
        }
    }
};
