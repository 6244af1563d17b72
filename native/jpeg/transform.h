// From coefficients to colours, in the integer arithmetic of libjpeg's jidctint.c, jdsample.c and jdcolor.c, eight at a time.
#pragma once
#include <cstdint>
#include <cstring>

namespace histo::jpeg {

typedef int32_t Eight __attribute__((vector_size(32)));
typedef int16_t EightShort __attribute__((vector_size(16)));
typedef uint8_t EightByte __attribute__((vector_size(8)));
typedef uint8_t Sixteen __attribute__((vector_size(16)));

inline void Transpose(Eight* r) {
  Eight a[8], b[8];
  for (int i = 0; i < 8; i += 2) {
    a[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    a[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int k = 0; k < 2; k++) {
      b[i + k] = __builtin_shufflevector(a[i + k], a[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      b[i + k + 2] = __builtin_shufflevector(a[i + k], a[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int i = 0; i < 4; i++) {
    r[i] = __builtin_shufflevector(b[i], b[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    r[i + 4] = __builtin_shufflevector(b[i], b[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

template <int shift>
inline void Pass(Eight* r) {
  constexpr int round = 1 << (shift - 1);
  const Eight e1 = (r[2] + r[6]) * 4433, t2 = e1 - r[6] * 15137, t3 = e1 + r[2] * 6270;
  const Eight t0 = ((r[0] + r[4]) << 13) + round, t1 = ((r[0] - r[4]) << 13) + round;
  const Eight t10 = t0 + t3, t13 = t0 - t3, t11 = t1 + t2, t12 = t1 - t2;
  const Eight z5 = (r[7] + r[3] + r[5] + r[1]) * 9633;
  const Eight z1 = (r[7] + r[1]) * -7373, z2 = (r[5] + r[3]) * -20995;
  const Eight z3 = (r[7] + r[3]) * -16069 + z5, z4 = (r[5] + r[1]) * -3196 + z5;
  const Eight o0 = r[7] * 2446 + z1 + z3, o1 = r[5] * 16819 + z2 + z4;
  const Eight o2 = r[3] * 25172 + z2 + z3, o3 = r[1] * 12299 + z1 + z4;
  r[0] = (t10 + o3) >> shift;
  r[7] = (t10 - o3) >> shift;
  r[1] = (t11 + o2) >> shift;
  r[6] = (t11 - o2) >> shift;
  r[2] = (t12 + o1) >> shift;
  r[5] = (t12 - o1) >> shift;
  r[3] = (t13 + o0) >> shift;
  r[4] = (t13 - o0) >> shift;
}

inline int Clamp(int value) { return value < 0 ? 0 : value > 255 ? 255 : value; }

// A block's pixels. @param last place in zigzag order of its last coefficient that is not 0
inline void Transform(const int16_t* block, int last, uint8_t* out, int stride) {
  if (last == 0) {
    const int level = Clamp(((block[0] * 4 + 16) >> 5) + 128);
    for (int y = 0; y < 8; y++) std::memset(out + y * stride, level, 8);
    return;
  }
  Eight r[8];
  for (int i = 0; i < 8; i++) {
    EightShort row;
    std::memcpy(&row, block + 8 * i, 16);
    r[i] = __builtin_convertvector(row, Eight);
  }
  Pass<11>(r);
  Transpose(r);
  Pass<18>(r);
  Transpose(r);
  for (int y = 0; y < 8; y++) {
    Eight value = r[y] + 128;
    value = value < 0 ? Eight{} : value;
    value = value > 255 ? Eight{} + 255 : value;
    const EightByte bytes = __builtin_convertvector(value, EightByte);
    std::memcpy(out + y * stride, &bytes, 8);
  }
}

// Twice as wide: three parts of the nearest, one of the next; the same from row to row where there is one beside.
inline void Upsample(const uint8_t* line, const uint8_t* beside, int width, int16_t* sums, uint8_t* __restrict out) {
  for (int i = 0; i < width; i++) sums[i] = beside ? 3 * line[i] + beside[i] : line[i];
  sums[-1] = sums[0];
  sums[width] = sums[width - 1];
  const int16_t* __restrict s = sums;
  if (beside) {
    for (int i = 0; i < width; i++) {
      out[2 * i] = static_cast<uint8_t>((3 * s[i] + s[i - 1] + 8) >> 4);
      out[2 * i + 1] = static_cast<uint8_t>((3 * s[i] + s[i + 1] + 7) >> 4);
    }
  } else {
    for (int i = 0; i < width; i++) {
      out[2 * i] = static_cast<uint8_t>((3 * s[i] + s[i - 1] + 1) >> 2);
      out[2 * i + 1] = static_cast<uint8_t>((3 * s[i] + s[i + 1] + 2) >> 2);
    }
  }
}

// A row of RGB. @param memory for three rows of the width and 64 @param convert the components are Y, Cb, Cr
inline void Colours(const uint8_t* __restrict y, const uint8_t* __restrict cb, const uint8_t* __restrict cr, int width,
                    bool convert, uint8_t* __restrict memory, uint8_t* __restrict out) {
  uint8_t* __restrict r = memory;
  uint8_t* __restrict g = memory + width;
  uint8_t* __restrict b = memory + 2 * width;
  if (convert) {
    for (int i = 0; i < width; i++) {
      const int luma = y[i], blue = cb[i] - 128, red = cr[i] - 128;
      r[i] = static_cast<uint8_t>(Clamp(luma + ((91881 * red + 32768) >> 16)));
      g[i] = static_cast<uint8_t>(Clamp(luma + ((-22554 * blue - 46802 * red + 32768) >> 16)));
      b[i] = static_cast<uint8_t>(Clamp(luma + ((116130 * blue + 32768) >> 16)));
    }
  } else {
    std::memcpy(r, y, width);
    std::memcpy(g, cb, width);
    std::memcpy(b, cr, width);
  }
  int i = 0;
  for (; i + 16 <= width; i += 16) {
    Sixteen red, green, blue;
    std::memcpy(&red, r + i, 16);
    std::memcpy(&green, g + i, 16);
    std::memcpy(&blue, b + i, 16);
    const Sixteen m0 = __builtin_shufflevector(red, green, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
    const Sixteen m1 = __builtin_shufflevector(red, green, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
    const Sixteen m2 = __builtin_shufflevector(red, green, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
    const Sixteen o0 = __builtin_shufflevector(m0, blue, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15);
    const Sixteen o1 = __builtin_shufflevector(m1, blue, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15);
    const Sixteen o2 = __builtin_shufflevector(m2, blue, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31);
    std::memcpy(out + 3 * i, &o0, 16);
    std::memcpy(out + 3 * i + 16, &o1, 16);
    std::memcpy(out + 3 * i + 32, &o2, 16);
  }
  for (; i < width; i++) {
    out[3 * i] = r[i];
    out[3 * i + 1] = g[i];
    out[3 * i + 2] = b[i];
  }
}

}  // namespace histo::jpeg
