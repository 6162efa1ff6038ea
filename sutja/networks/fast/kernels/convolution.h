// Convolutions of blocks of LANES images: forward with bias, ReLU and pooling, and both gradients. A kernel is 3 or 5
// wide, a stride 1 or 2; with pooling, the stride is 1.
//
// Inputs are (inputs, rows, columns, LANES) with their padding, weights (outputs, inputs, KERNEL, KERNEL).
#pragma once

#include <type_traits>

#include "vectors.h"

struct Maps {  // where the value of a channel, row and column is: distances in floats
    int64_t channel, row, column;
    INLINE int64_t at(int64_t c, int64_t y, int64_t x) const { return c * channel + y * row + x * column; }
};

struct Convolution {
    int inputs, rows, columns;    // of the input, padding included
    int outputs, kernel, stride;  // of the filters
    int high, wide;               // of the output, before pooling
    bool pool;
    INLINE int pooled_high() const { return pool ? high / 2 : high; }
    INLINE int pooled_wide() const { return pool ? wide / 2 : wide; }
    INLINE int64_t plane() const { return int64_t(rows) * columns * LANES; }
    INLINE int64_t weights() const { return int64_t(outputs) * inputs * kernel * kernel; }
};

struct Choice {  // which of the four values of a pool was the largest
    Mask lower, right;
};

// Calls `compute` with the size of the kernel and the stride as constants of the compiler.
template <class Compute>
static INLINE void with_constants(const Convolution& c, const Compute& compute) {
    using std::integral_constant;
    if (c.kernel == 5 && c.stride == 1) compute(integral_constant<int, 5>(), integral_constant<int, 1>());
    if (c.kernel == 3 && c.stride == 1) compute(integral_constant<int, 3>(), integral_constant<int, 1>());
    if (c.kernel == 5 && c.stride == 2) compute(integral_constant<int, 5>(), integral_constant<int, 2>());
    if (c.kernel == 3 && c.stride == 2) compute(integral_constant<int, 3>(), integral_constant<int, 2>());
}

struct Outputs {  // where the values of a block go
    float* values;
    Maps maps;
    bool relu;
    Choice* choices;  // (outputs, high / 2, wide / 2), null without pooling
};

// Forward, of one block.
void convolve(const Convolution& c, const float* input, const float* weights, const float* bias, const Outputs& outputs);

struct Blocks {  // the inputs of a layer and the gradients of its outputs, (outputs, high, wide), block by block
    const float *input, *gradient;
    int64_t count, input_step, gradient_step;
};

// The gradient of the weights for all blocks, without pooling.
void weight_gradient(const Convolution& c, const Blocks& blocks, float* result);

// The same with pooling, for one block: added to `sums`, a vector for each weight; `gradient` and `choices` are
// (outputs, high / 2, wide / 2).
void pooled_weight_gradient(const Convolution& c, const float* input, const float* gradient, const Choice* choices, Floats* sums);

// Spreads the gradient after pooling over the places that were chosen: (outputs, high, wide).
void spread(const Convolution& c, const float* gradient, const Choice* choices, float* spreaded);

// The gradient of the input of one block, in its shape with its padding; `gradient` is (outputs, high, wide).
void input_gradient(const Convolution& c, const float* gradient, const float* weights, float* result);
