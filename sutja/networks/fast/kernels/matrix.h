// Matrix products with vectors along one side: result(r, v) = sum over k of a(r, k) · b(k, v), v a vector.
#pragma once

#include "vectors.h"

struct Product {
    const float* a;
    int64_t a_row, a_step;  // distances in floats between rows, and between steps of k
    const float* b;
    int64_t b_step, b_vector;
    int64_t steps;
};

struct Result {
    float* values;
    int64_t row, vector;  // distances in floats between rows, and between vectors
    int64_t floats;       // of a row: what the last vector has beyond it is not stored
    const float* bias;    // of each row, or null
    bool relu;
};

void multiply(const Product& p, int64_t rows, int64_t vectors, const Result& result);
