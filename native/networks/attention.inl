// Attention of one head for one image. All of its matrices stay in a core's cache, and only the logarithm of the softmax's
// denominator is stored for the backward pass (Dao et al. 2022, without the tiling over tokens).

// Matrices of a head in scratch memory, rows padded to whole tiles.
struct HeadScratch {
  Index tokens, depth, width, scoreWidth;
  float *q, *k, *v, *kAcross, *vAcross, *errors, *result, *scores, *scoreErrors;

  static Index Floats(Index tokens, Index depth) {
    const Index rows = RoundUp(RoundUp(tokens, kRows), kLanes);
    const Index width = RoundUp(depth, kLanes);
    return rows * width * 7 + 2 * rows * rows + 9 * kLanes;
  }
  HeadScratch(float* memory, Index tokens, Index depth)
      : tokens(tokens), depth(depth), width(RoundUp(depth, kLanes)) {
    const Index rows = RoundUp(RoundUp(tokens, kRows), kLanes);
    scoreWidth = rows;
    for (float** matrix : {&q, &k, &v, &kAcross, &vAcross, &errors, &result}) {
      *matrix = memory;
      memory += rows * width;
    }
    scores = memory;
    scoreErrors = memory + rows * rows;
  }
};

// Copies the matrix of a head, whose tokens are `stride` apart in memory, as it is or transposed.
inline void Gather(const HeadScratch& s, const float* from, Index stride, float factor, float* rows) {
  for (Index i = 0; i < s.tokens; i++) {
    OverRow(s.depth, [&](Index c, Index n) { Put(rows + i * s.width + c, Take(from + i * stride + c, n) * factor, n); });
  }
}
inline void GatherAcross(const HeadScratch& s, const float* from, Index stride, float* across) {
  Index i = 0;
  for (; i + kLanes <= s.tokens; i += kLanes) {
    for (Index c = 0; c < s.depth; c++) {
      Vector column;
      for (int lane = 0; lane < kLanes; lane++) column[lane] = from[(i + lane) * stride + c];
      Store(across + c * s.scoreWidth + i, column);
    }
  }
  for (; i < s.tokens; i++) {
    for (Index c = 0; c < s.depth; c++) across[c * s.scoreWidth + i] = from[i * stride + c];
  }
}

inline void Scatter(const HeadScratch& s, const float* rows, float factor, float* to, Index stride) {
  for (Index i = 0; i < s.tokens; i++) {
    OverRow(s.depth, [&](Index c, Index n) { Put(to + i * stride + c, Take(rows + i * s.width + c, n) * factor, n); });
  }
}

void AttentionForward(const AttentionShape& shape, Index head, const float* qkv, float* out, float* logSums,
                      float* memory) {
  const HeadScratch s(memory, shape.tokens, shape.depth);
  const Index features = shape.heads * shape.depth, image = head / shape.heads;
  const Index offset = head % shape.heads * shape.depth;
  const float* own = qkv + image * shape.tokens * 3 * features + offset;
  Gather(s, own, 3 * features, 1 / std::sqrt(static_cast<float>(shape.depth)), s.q);
  GatherAcross(s, own + features, 3 * features, s.kAcross);
  Gather(s, own + 2 * features, 3 * features, 1, s.v);
  Product(s.tokens, s.tokens, s.depth, s.q, s.width, 1, s.kAcross, s.scoreWidth, s.scores, s.scoreWidth);
  float* logs = logSums + head * s.tokens;
  // Each loop runs over all rows, so that no row waits for the previous one.
  for (Index i = 0; i < s.tokens; i++) {
    float* row = s.scores + i * s.scoreWidth;
    for (Index j = s.tokens; j < RoundUp(s.tokens, kLanes); j++) row[j] = -1e30f;
    Vector largest = Load(row);
    for (Index j = kLanes; j < s.tokens; j += kLanes) largest = Larger(largest, Load(row + j));
    logs[i] = Largest(largest);
  }
  float* sums = s.kAcross;  // no longer needed
  for (Index i = 0; i < s.tokens; i++) {
    float* row = s.scores + i * s.scoreWidth;
    const float shift = logs[i];
    Vector sum{};
    for (Index j = 0; j < s.tokens; j += kLanes) {
      const Vector e = Exp(Load(row + j) - shift);
      Store(row + j, e);
      sum += e;
    }
    sums[i] = Sum(sum);
  }
  Product(s.tokens, s.depth, s.tokens, s.scores, s.scoreWidth, 1, s.v, s.width, s.result, s.width);
  float* to = out + image * shape.tokens * features + offset;
  for (Index i = 0; i < s.tokens; i++) {
    const float factor = 1 / sums[i];
    logs[i] += std::log(sums[i]);
    OverRow(s.depth, [&](Index c, Index n) { Put(to + i * features + c, Load(s.result + i * s.width + c) * factor, n); });
  }
}

void AttentionBackward(const AttentionShape& shape, Index head, const float* qkv, const float* out, const float* logSums,
                       const float* errors, float* toQkv, float* memory) {
  const HeadScratch s(memory, shape.tokens, shape.depth);
  const Index features = shape.heads * shape.depth, image = head / shape.heads;
  const Index offset = head % shape.heads * shape.depth, stride = 3 * features;
  const float* own = qkv + image * shape.tokens * stride + offset;
  const Index place = image * shape.tokens * features + offset;
  const float scale = 1 / std::sqrt(static_cast<float>(shape.depth));
  Gather(s, own, stride, scale, s.q);
  Gather(s, own + features, stride, 1, s.k);
  GatherAcross(s, s.k, s.width, s.kAcross);
  GatherAcross(s, own + 2 * features, stride, s.vAcross);
  Gather(s, errors + place, features, 1, s.errors);
  // For each query, the sum over keys of weights times their errors, computed from the outputs, which are much smaller. In a
  // loop of its own, so that no row waits for the memory of the next one.
  float* means = s.result;  // not needed yet
  for (Index i = 0; i < s.tokens; i++) {
    Vector sum{};
    OverRow(s.depth, [&](Index c, Index n) {
      sum += Take(s.errors + i * s.width + c, n) * Take(out + place + i * features + c, n);
    });
    means[i] = Sum(sum);
  }
  Product(s.tokens, s.tokens, s.depth, s.q, s.width, 1, s.kAcross, s.scoreWidth, s.scores, s.scoreWidth);
  Product(s.tokens, s.tokens, s.depth, s.errors, s.width, 1, s.vAcross, s.scoreWidth, s.scoreErrors, s.scoreWidth);
  for (Index i = 0; i < s.tokens; i++) {
    const float mean = means[i], shift = logSums[head * s.tokens + i];
    float* row = s.scores + i * s.scoreWidth;
    float* rowErrors = s.scoreErrors + i * s.scoreWidth;
    for (Index j = 0; j < s.tokens; j += kLanes) {
      const Vector weights = Exp(Load(row + j) - shift);
      Store(row + j, weights);
      Store(rowErrors + j, weights * (Load(rowErrors + j) - mean));
    }
  }
  float* to = toQkv + image * shape.tokens * stride + offset;
  Product(s.tokens, s.depth, s.tokens, s.scoreErrors, s.scoreWidth, 1, s.k, s.width, s.result, s.width);
  Scatter(s, s.result, scale, to, stride);
  Product(s.tokens, s.depth, s.tokens, s.scoreErrors, 1, s.scoreWidth, s.q, s.width, s.result, s.width);
  Scatter(s, s.result, 1, to + features, stride);
  Product(s.tokens, s.depth, s.tokens, s.scores, 1, s.scoreWidth, s.errors, s.width, s.result, s.width);
  Scatter(s, s.result, 1, to + 2 * features, stride);
}
