// Matrix products with vectors along one side: result(r, v) = sum over k of a(r, k) · b(k, v), v a vector.
#pragma once

#include "vectors.h"

constexpr int TILE_ROWS = 6;
constexpr int TILE_VECTORS = MANY_REGISTERS ? 4 : 2;

struct Product {
    const float* a;
    int64_t a_row, a_step;  // distances in floats between rows, and between steps of k
    const float* b;
    int64_t b_step, b_vector;
    int64_t steps;
};

template <int ROWS, int VECTORS>
static INLINE void multiply_tile(const Product& p, const float* a, const float* b, Floats sums[ROWS][VECTORS]) {
    for (int64_t k = 0; k < p.steps; k++, a += p.a_step, b += p.b_step) {
        Floats right[VECTORS];
        UNROLL for (int v = 0; v < VECTORS; v++) right[v] = load(b + v * p.b_vector);
        UNROLL for (int r = 0; r < ROWS; r++) {
            const Floats left = all(a[r * p.a_row]);
            UNROLL for (int v = 0; v < VECTORS; v++) sums[r][v] += left * right[v];
        }
    }
}

// `put(row, vector, sum)` takes each element of the result, `from(row, vector)` gives what it begins with.
template <int ROWS, int VECTORS, class From, class Put>
static void one_tile(const Product& p, int64_t row, int64_t vector, const From& from, const Put& put) {
    Floats sums[ROWS][VECTORS];
    UNROLL for (int r = 0; r < ROWS; r++)
        UNROLL for (int v = 0; v < VECTORS; v++) sums[r][v] = from(row + r, vector + v);
    multiply_tile<ROWS, VECTORS>(p, p.a + row * p.a_row, p.b + vector * p.b_vector, sums);
    UNROLL for (int r = 0; r < ROWS; r++)
        UNROLL for (int v = 0; v < VECTORS; v++) put(row + r, vector + v, sums[r][v]);
}

template <int VECTORS, class From, class Put>
static void tiles_of_rows(const Product& p, int64_t rows, int64_t vector, const From& from, const Put& put) {
    int64_t row = 0;
    for (; row + TILE_ROWS <= rows; row += TILE_ROWS) one_tile<TILE_ROWS, VECTORS>(p, row, vector, from, put);
    for (; row + 2 <= rows; row += 2) one_tile<2, VECTORS>(p, row, vector, from, put);
    for (; row < rows; row++) one_tile<1, VECTORS>(p, row, vector, from, put);
}

template <class From, class Put>
static void multiply(const Product& p, int64_t rows, int64_t vectors, const From& from, const Put& put) {
    int64_t vector = 0;
    for (; vector + TILE_VECTORS <= vectors; vector += TILE_VECTORS)
        tiles_of_rows<TILE_VECTORS>(p, rows, vector, from, put);
    for (; vector < vectors; vector++) tiles_of_rows<1>(p, rows, vector, from, put);
}
