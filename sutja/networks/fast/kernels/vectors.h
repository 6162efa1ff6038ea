// Vectors of LANES floats, one image in each lane, as wide as the processor's registers.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#include <immintrin.h>
constexpr int LANES = 16;
#elif defined(__AVX__)
constexpr int LANES = 8;
#else
constexpr int LANES = 4;
#endif

#define INLINE inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")

typedef float Floats __attribute__((vector_size(LANES * 4)));
typedef int32_t Ints __attribute__((vector_size(LANES * 4)));
typedef uint32_t Words __attribute__((vector_size(LANES * 4)));

constexpr bool MANY_REGISTERS = LANES == 16;  // 32 vector registers instead of 16

static INLINE Floats load(const float* at) { return *reinterpret_cast<const Floats*>(at); }
static INLINE void store(float* at, Floats value) { *reinterpret_cast<Floats*>(at) = value; }
static INLINE Floats load_unaligned(const float* at) {
    Floats value;
    memcpy(&value, at, sizeof value);
    return value;
}
static INLINE Floats all(float value) { return value - Floats{}; }

// One truth value for each lane.
#if defined(__AVX512F__)
typedef __mmask16 Mask;
static INLINE Mask greater(Floats a, Floats b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ); }
static INLINE Floats select(Mask mask, Floats yes, Floats no) {
    return (Floats)_mm512_mask_blend_ps(mask, (__m512)no, (__m512)yes);
}
static INLINE Mask select_mask(Mask mask, Mask yes, Mask no) { return (Mask)((mask & yes) | (~mask & no)); }
static INLINE Mask both(Mask a, Mask b) { return (Mask)(a & b); }
static INLINE Mask inverse(Mask a) { return (Mask)~a; }
#else
typedef Ints Mask;
static INLINE Mask greater(Floats a, Floats b) { return a > b; }
static INLINE Floats select(Mask mask, Floats yes, Floats no) { return mask ? yes : no; }
static INLINE Mask select_mask(Mask mask, Mask yes, Mask no) { return (mask & yes) | (~mask & no); }
static INLINE Mask both(Mask a, Mask b) { return a & b; }
static INLINE Mask inverse(Mask a) { return ~a; }
#endif

static INLINE float sum_of_lanes(Floats value) {
#if defined(__clang__)
    float sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += value[lane];
    return sum;
#else
    UNROLL for (int step = LANES / 2; step > 0; step /= 2) {
        Ints turned;
        UNROLL for (int lane = 0; lane < LANES; lane++) turned[lane] = (lane + step) % LANES;
        value += __builtin_shuffle(value, turned);
    }
    return value[0];
#endif
}

// LANES vectors as the rows of a square matrix, transposed in place.
static INLINE void transpose(Floats rows[LANES]) {
#if defined(__clang__)
    float square[LANES][LANES];
    memcpy(square, rows, sizeof square);
    for (int row = 0; row < LANES; row++)
        for (int lane = 0; lane < LANES; lane++) rows[row][lane] = square[lane][row];
#else
    UNROLL for (int step = 1; step < LANES; step *= 2) {
        Ints upper, lower;  // lanes to take from a pair of rows; those of the second row count from LANES
        UNROLL for (int lane = 0; lane < LANES; lane++) {
            upper[lane] = lane & step ? LANES + lane - step : lane;
            lower[lane] = lane & step ? LANES + lane : lane + step;
        }
        UNROLL for (int row = 0; row < LANES; row++)
            if (!(row & step)) {
                Floats a = rows[row], b = rows[row + step];
                rows[row] = __builtin_shuffle(a, b, upper);
                rows[row + step] = __builtin_shuffle(a, b, lower);
            }
    }
#endif
}
