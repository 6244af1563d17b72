// Vectors of as many floats as a register of this section has, because compilers generate slow code for wider vectors.

typedef float Vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef std::int32_t Integers __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
constexpr Index kLanes = LANES;

inline Vector Load(const float* from) { return *reinterpret_cast<const Vector*>(from); }
inline void Store(float* to, Vector v) { *reinterpret_cast<Vector*>(to) = v; }
inline Vector Same(float v) { return v - Vector{}; }

// The first n lanes from memory, and zero in the others.
inline Vector LoadSome(const float* from, Index n) {
  Vector v{};
  for (Index i = 0; i < n; i++) v[i] = from[i];
  return v;
}
inline void StoreSome(float* to, Vector v, Index n) {
  for (Index i = 0; i < n; i++) to[i] = v[i];
}
inline Vector Choose(Integers condition, Vector yes, Vector no) {
  return (Vector)((condition & (Integers)yes) | (~condition & (Integers)no));
}
// The second one if either is not a number.
inline Vector Larger(Vector a, Vector b) { return a > b ? a : b; }
inline Vector Smaller(Vector a, Vector b) { return a < b ? a : b; }
// Not a number if either is not.
inline Vector LargerOrNone(Vector a, Vector b) { return Choose((a > b) | (a != a), a, b); }

inline float Sum(Vector v) {
  float parts[kLanes];
  Store(parts, v);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) parts[i] += parts[i + half];
  }
  return parts[0];
}
inline float Largest(Vector v) {
  float parts[kLanes];
  Store(parts, v);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) parts[i] = parts[i + half] > parts[i] ? parts[i + half] : parts[i];
  }
  return parts[0];
}

// Calls f(column, lanes) along a row. The last vector may be partly filled.
template <typename F>
inline __attribute__((always_inline)) void OverRow(Index width, F f) {
  Index j = 0;
  for (; j + kLanes <= width; j += kLanes) f(j, kLanes);
  if (j < width) f(j, width - j);
}
inline Vector Take(const float* from, Index n) { return n == kLanes ? Load(from) : LoadSome(from, n); }
inline void Put(float* to, Vector v, Index n) {
  if (n == kLanes) Store(to, v);
  else StoreSome(to, v, n);
}

// e^x to about one unit in the last place: x = n ln 2 + r, and a polynomial of r (Cephes). NaN stays NaN.
inline Vector Exp(Vector x) {
  x = Smaller(Same(88.0f), Larger(Same(-87.0f), x));
  const Vector shifted = x * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: the sum is rounded to a whole number
  const Vector n = shifted - 12582912.0f;
  const Vector r = x - n * 0.693359375f + n * 2.12194440e-4f;
  Vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  return (Vector)((Integers)p + ((Integers)shifted << 23));
}

// The normal distribution function of x and e^(-x^2/2), by Hastings (Abramowitz and Stegun 7.1.26): error below 1e-7.
inline Vector NormalDistribution(Vector x, Vector& bell) {
  const Vector size = Choose(x < 0.0f, -x, x) * 0.70710678f;
  bell = Exp(-size * size);
  const Vector t = 1.0f / (size * 0.3275911f + 1.0f);
  Vector p = t * 1.061405429f - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const Vector tail = p * t * bell * 0.5f;
  return Choose(x < 0.0f, tail, 1.0f - tail);
}
