// The functions that Python calls (see `library.py`): no state but the pool of threads, nothing allocated for long.
#include <algorithm>

#include "images.h"
#include "network.h"

extern "C" {

int32_t sutja_lanes() { return LANES; }

int64_t sutja_workspace_floats(const Layer* layers, int32_t count, const Weights* weights, int64_t images, int32_t threads) {
    return Network(layers, count, weights, images, threads, nullptr).workspace_floats();
}

void sutja_forward(const Layer* layers, int32_t count, const Weights* weights, const Input* input, int32_t threads,
                   float* workspace, float* logits, uint32_t seed, int32_t training) {
    Network(layers, count, weights, input->count, threads, workspace).forward(*input, logits, seed, training != 0);
}

void sutja_backward(const Layer* layers, int32_t count, const Weights* weights, int64_t images, int32_t threads,
                    float* workspace, const float* logits_gradient, float* gradient) {
    Network(layers, count, weights, images, threads, workspace).backward(logits_gradient, gradient);
}

// The images at `indices` of `pixels`, `size` bytes each, as floats in [0, 1].
void sutja_gather(const uint8_t* pixels, const int64_t* indices, int64_t count, int32_t height, int32_t width,
                  int32_t down, int32_t right, int32_t threads, float* result) {
    Pool::run(threads, [=](int thread) {
        const Part part(count, thread, threads);
        for (int64_t image = part.first; image < part.last; image++) {
            const int64_t size = int64_t(height) * width;
            gather(pixels + indices[image] * size, height, width, down, right, result + image * size);
        }
    });
}

void sutja_distort(const Distortion* distortion, const float* images, int64_t count, int32_t threads, float* result) {
    Pool::run(threads, [=](int thread) {
        const Part part(count, thread, threads);
        distort(*distortion, images, part.first, part.last, result);
    });
}

// One step of AdamW, as PyTorch takes it, of `count` tensors; `pointers` are weights, gradients and both moments.
void sutja_adamw(int32_t count, float* const* pointers, const int64_t* sizes, float learning_rate, float decay,
                 float beta1, float beta2, float epsilon, double step, int32_t threads) {
    const float step_size = float(learning_rate / (1 - std::pow(double(beta1), step)));
    const float root = float(std::sqrt(1 - std::pow(double(beta2), step))), kept = 1 - learning_rate * decay;
    Pool::run(threads, [=](int thread) {
        for (int each = 0; each < count; each++) {
            float *__restrict weight = pointers[4 * each], *__restrict mean = pointers[4 * each + 2], *__restrict square = pointers[4 * each + 3];
            const float* __restrict gradient = pointers[4 * each + 1];
            const Part part(sizes[each], thread, threads);
            for (int64_t at = part.first; at < part.last; at++) {
                const float g = gradient[at];
                mean[at] += (1 - beta1) * (g - mean[at]);
                square[at] = beta2 * square[at] + (1 - beta2) * g * g;
                weight[at] = weight[at] * kept - step_size * mean[at] / (std::sqrt(square[at]) / root + epsilon);
            }
        }
    });
}

// Moves `count` averages towards the weights: average += share · (weight - average).
void sutja_average(int32_t count, float* const* pointers, const int64_t* sizes, float share) {
    for (int each = 0; each < count; each++) {
        float* __restrict average = pointers[2 * each];
        const float* __restrict weight = pointers[2 * each + 1];
        for (int64_t at = 0; at < sizes[each]; at++) average[at] += share * (weight[at] - average[at]);
    }
}
}
