// Matrix products, a tile of the result at a time.
#include "matrix.h"

constexpr int TILE_ROWS = 6;
constexpr int TILE_VECTORS = MANY_REGISTERS ? 4 : 2;

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

static INLINE void put(const Result& result, int64_t row, int64_t vector, Floats sum) {
    if (result.relu) sum = select(greater(Floats{}, sum), Floats{}, sum);  // keeps what is no number
    float* to = result.values + row * result.row + vector * result.vector;
    const int64_t floats = result.floats - vector * LANES;
    floats >= LANES ? memcpy(to, &sum, sizeof sum) : memcpy(to, &sum, floats * sizeof(float));
}

template <int ROWS, int VECTORS>
static void one_tile(const Product& p, int64_t row, int64_t vector, const Result& result) {
    Floats sums[ROWS][VECTORS];
    UNROLL for (int r = 0; r < ROWS; r++)
        UNROLL for (int v = 0; v < VECTORS; v++) sums[r][v] = result.bias ? all(result.bias[row + r]) : Floats{};
    multiply_tile<ROWS, VECTORS>(p, p.a + row * p.a_row, p.b + vector * p.b_vector, sums);
    UNROLL for (int r = 0; r < ROWS; r++)
        UNROLL for (int v = 0; v < VECTORS; v++) put(result, row + r, vector + v, sums[r][v]);
}

template <int VECTORS>
static void tiles_of_rows(const Product& p, int64_t rows, int64_t vector, const Result& result) {
    int64_t row = 0;
    for (; row + TILE_ROWS <= rows; row += TILE_ROWS) one_tile<TILE_ROWS, VECTORS>(p, row, vector, result);
    for (; row + 2 <= rows; row += 2) one_tile<2, VECTORS>(p, row, vector, result);
    for (; row < rows; row++) one_tile<1, VECTORS>(p, row, vector, result);
}

void multiply(const Product& p, int64_t rows, int64_t vectors, const Result& result) {
    int64_t vector = 0;
    for (; vector + TILE_VECTORS <= vectors; vector += TILE_VECTORS)
        tiles_of_rows<TILE_VECTORS>(p, rows, vector, result);
    for (; vector < vectors; vector++) tiles_of_rows<1>(p, rows, vector, result);
}
