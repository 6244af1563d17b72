// Baseline JPEG as slides hold it (8 bits, three components, Huffman), to the bit as libjpeg decodes it: its slow integer
// transform, its "fancy" upsampling, its colours. Anything else, and anything damaged, is refused: another decoder judges it.
// https://www.w3.org/Graphics/JPEG/itu-t81.pdf
#pragma once
#include <cstdint>
#include <cstring>
#include <vector>
#include "../processor.h"
#include "transform.h"

namespace histo::jpeg {

constexpr int kLookup = 11;

// Zigzag order to rows; the entries behind the last are for runs that reach over it.
constexpr uint8_t kNatural[80] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,
    6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31,
    39, 46, 53, 60, 61, 54, 47, 55, 62, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63};

struct Huffman {
  bool defined = false;
  // By the next bits: length of the code (with its value's bits where `kWhole` is set), symbol, value. 0: a longer code.
  struct Entry {
    int16_t value;
    uint8_t symbol;
    uint8_t length;
  };
  Entry fast[1 << kLookup];
  // By length: behind the last code, left-aligned to 16 bits, and where its symbols begin.
  uint32_t end[17];
  int offset[17];
  uint8_t symbols[256];
};

constexpr uint8_t kWhole = 0x80;

struct Tables {
  uint16_t quant[4][64];
  bool has_quant[4] = {};
  Huffman dc[4], ac[4];
};

inline int Extend(int value, int size) { return value < (1 << (size - 1)) ? value - (1 << size) + 1 : value; }

inline bool Build(Huffman& table, const uint8_t* counts, const uint8_t* symbols, int total) {
  std::memset(table.fast, 0, sizeof table.fast);
  std::memset(table.symbols, 0, sizeof table.symbols);
  std::memcpy(table.symbols, symbols, total);
  uint32_t code = 0;
  int at = 0;
  for (int length = 1; length <= 16; length++) {
    table.offset[length] = at - static_cast<int>(code);
    for (int i = 0; i < counts[length - 1]; i++, code++, at++) {
      if (code >= (1u << length)) return false;
      if (length > kLookup) continue;
      const int free = kLookup - length, size = symbols[at] & 15;
      for (int rest = 0; rest < (1 << free); rest++) {
        auto& entry = table.fast[(code << free) | rest];
        entry = {0, symbols[at], static_cast<uint8_t>(length)};
        if (size == 0 || size > free) continue;
        entry.value = static_cast<int16_t>(Extend(rest >> (free - size), size));
        entry.length = static_cast<uint8_t>((length + size) | kWhole);
      }
    }
    table.end[length] = code << (16 - length);
    code <<= 1;
  }
  return table.defined = true;
}

// The bits of a scan, from which stuffed zeros were taken; zeros follow its end.
struct Bits {
  const uint8_t* next;
  uint64_t bits = 0;
  int count = 0;

  void Fill() {
    if (count >= 32) return;
    uint64_t word;
    std::memcpy(&word, next, 8);
    bits |= __builtin_bswap64(word) >> count;
    next += (63 - count) >> 3;
    count |= 56;
  }
  int Take(int size) {
    const int value = static_cast<int>(bits >> (64 - size));
    Skip(size);
    return value;
  }
  void Skip(int size) {
    bits <<= size;
    count -= size;
  }
  // The symbol of a code that is longer than the lookup; -1 for none.
  int Long(const Huffman& table) {
    const uint32_t code = static_cast<uint32_t>(bits >> 48);
    for (int length = kLookup + 1; length <= 16; length++) {
      if (code >= table.end[length]) continue;
      Skip(length);
      return table.symbols[((code >> (16 - length)) + table.offset[length]) & 255];
    }
    return -1;
  }
};

struct Component {
  int h, v, quant, dc, ac;
  int stride, width, height;
  int prediction;
  std::vector<uint8_t> plane;
};

// Memory that is used again for the next tile.
struct Decoder {
  Tables own;
  Component parts[3];
  std::vector<uint8_t> scan;
  std::vector<size_t> ends;
  std::vector<uint8_t> rows;
  std::vector<int16_t> sums;
};

inline int Word(const uint8_t* at) { return at[0] << 8 | at[1]; }

inline bool ReadQuant(Tables& tables, const uint8_t* at, const uint8_t* end) {
  while (at < end) {
    const int wide = *at >> 4, place = *at & 15;
    at++;
    if (wide > 1 || place > 3 || end - at < 64 * (wide + 1)) return false;
    for (int i = 0; i < 64; i++, at += wide + 1) tables.quant[place][i] = wide ? Word(at) : *at;
    tables.has_quant[place] = true;
  }
  return true;
}

inline bool ReadHuffman(Tables& tables, const uint8_t* at, const uint8_t* end) {
  while (at < end) {
    const int kind = *at >> 4, place = *at & 15;
    if (kind > 1 || place > 3 || end - at < 17) return false;
    int total = 0;
    for (int i = 1; i <= 16; i++) total += at[i];
    if (total > 256 || end - at < 17 + total) return false;
    if (!Build(kind ? tables.ac[place] : tables.dc[place], at + 1, at + 17, total)) return false;
    at += 17 + total;
  }
  return true;
}

// Reads tables up to the end of the image. For JPEGTables of a TIFF file.
inline bool ReadTables(Tables& tables, const uint8_t* at, const uint8_t* end) {
  if (end - at < 2 || Word(at) != 0xFFD8) return false;
  for (at += 2; end - at >= 4 && at[0] == 0xFF && at[1] != 0xD9;) {
    const int kind = at[1], length = Word(at + 2);
    if (length < 2 || end - at < 2 + length) return false;
    if (kind == 0xDB && !ReadQuant(tables, at + 4, at + 2 + length)) return false;
    if (kind == 0xC4 && !ReadHuffman(tables, at + 4, at + 2 + length)) return false;
    at += 2 + length;
  }
  return true;
}

// Copies a scan without its stuffing, in parts where it has marks to start again. @returns false where it does not end well
inline bool Unstuff(Decoder& self, const uint8_t* at, const uint8_t* end, int interval) {
  self.scan.resize(end - at + 512);
  self.ends.clear();
  uint8_t* out = self.scan.data();
  for (;;) {
    const auto* mark = static_cast<const uint8_t*>(std::memchr(at, 0xFF, end - at));
    if (!mark || end - mark < 2) return false;
    std::memcpy(out, at, mark - at);
    out += mark - at;
    at = mark + 2;
    if (mark[1] == 0) {
      *out++ = 0xFF;
      continue;
    }
    self.ends.push_back(out - self.scan.data());
    if (mark[1] == 0xD9) break;
    const int expected = 0xD0 + (static_cast<int>(self.ends.size() - 1) & 7);
    if (interval == 0 || mark[1] != expected) return false;
  }
  std::memset(out, 0, 512);
  return true;
}

inline bool DecodeBlock(Bits& in, const Tables& tables, Component& part, int16_t* block, int& last) {
  const auto& dc = tables.dc[part.dc];
  const auto& ac = tables.ac[part.ac];
  const uint16_t* quant = tables.quant[part.quant];
  std::memset(block, 0, 128);
  in.Fill();
  auto entry = dc.fast[in.bits >> (64 - kLookup)];
  int size = entry.symbol;
  if (entry.length & kWhole) {
    if (size > 15) return false;
    part.prediction += entry.value;
    in.Skip(entry.length & 0x7F);
  } else {
    if (entry.length) in.Skip(entry.length);
    else size = in.Long(dc);
    if (size < 0 || size > 15) return false;
    if (size) part.prediction += Extend(in.Take(size), size);
  }
  block[0] = static_cast<int16_t>(part.prediction * quant[0]);
  last = 0;
  int k = 1;
  while (k < 64) {
    in.Fill();
    entry = ac.fast[in.bits >> (64 - kLookup)];
    if (entry.length & kWhole) {
      k += entry.symbol >> 4;
      in.Skip(entry.length & 0x7F);
      block[kNatural[k]] = static_cast<int16_t>(entry.value * quant[k & 63]);
      last = k++;
      continue;
    }
    int symbol = entry.symbol;
    if (entry.length) in.Skip(entry.length);
    else if ((symbol = in.Long(ac)) < 0) return false;
    size = symbol & 15;
    if (size == 0) {
      if (symbol == 0) break;
      if (symbol != 0xF0) return false;
      k += 16;
      continue;
    }
    k += symbol >> 4;
    const int value = Extend(in.Take(size), size);
    block[kNatural[k]] = static_cast<int16_t>(value * quant[k & 63]);
    last = k++;
  }
  return k <= 64;
}

// @param good whether the scan could be read to its end
inline void DecodeScan(Decoder* decoder, const Tables* shared, int across, int down, int interval, bool* good) {
  Decoder& self = *decoder;
  const Tables& tables = *shared;
  *good = false;
  const uint8_t* scan = self.scan.data();
  size_t part = 0;
  Bits in{scan};
  alignas(64) int16_t block[64];
  // A part has been read in full where no whole byte of it is left.
  const auto finished = [&] {
    const ptrdiff_t left = (scan + self.ends[part] - in.next) * 8 + in.count;
    return left >= 0 && left < 8;
  };
  for (int mcu = 0; mcu < across * down; mcu++) {
    if (interval && mcu && mcu % interval == 0) {
      if (!finished() || part + 1 >= self.ends.size()) return;
      in = Bits{scan + self.ends[part++]};
      for (auto& one : self.parts) one.prediction = 0;
    }
    for (auto& one : self.parts) {
      for (int i = 0; i < one.h * one.v; i++) {
        // Behind the scan there are zeros for one more block.
        if (in.next > scan + self.ends[part] + 8) return;
        int last;
        if (!DecodeBlock(in, tables, one, block, last)) return;
        const int x = (mcu % across * one.h + i % one.h) * 8, y = (mcu / across * one.v + i / one.h) * 8;
        Transform(block, last, one.plane.data() + y * one.stride + x, one.stride);
      }
    }
  }
  *good = finished() && part + 1 == self.ends.size();
}

// One tile: `out` gets [rows, width, 3]. @param convert the components are Y, Cb, Cr
inline bool DecodeTile(Decoder& self, const Tables& shared, const uint8_t* at, const uint8_t* end, int width, int rows,
                       bool convert, uint8_t* out) {
  const Tables* tables = &shared;
  int interval = 0;
  bool framed = false;
  uint8_t ids[3] = {};
  if (end - at < 4 || Word(at) != 0xFFD8) return false;
  for (at += 2;;) {
    if (end - at < 4 || at[0] != 0xFF) return false;
    const int kind = at[1], length = Word(at + 2);
    if (length < 2 || end - at < 2 + length) return false;
    const uint8_t *body = at + 4, *stop = at + 2 + length;
    at = stop;
    if (kind == 0xDB || kind == 0xC4) {
      if (tables == &shared) self.own = shared;
      tables = &self.own;
      if (!(kind == 0xDB ? ReadQuant(self.own, body, stop) : ReadHuffman(self.own, body, stop))) return false;
    } else if (kind == 0xDD) {
      if (length != 4) return false;
      interval = Word(body);
    } else if (kind == 0xC0 || kind == 0xC1) {
      if (framed || length != 17 || body[0] != 8 || Word(body + 1) != rows || Word(body + 3) != width || body[5] != 3)
        return false;
      framed = true;
      for (int i = 0; i < 3; i++) {
        const uint8_t* spec = body + 6 + 3 * i;
        ids[i] = spec[0];
        self.parts[i].h = spec[1] >> 4;
        self.parts[i].v = spec[1] & 15;
        if ((self.parts[i].quant = spec[2]) > 3) return false;
      }
    } else if (kind == 0xDA) {
      if (!framed || length != 12 || body[0] != 3 || body[7] != 0 || body[8] != 63 || body[9] != 0) return false;
      for (int i = 0; i < 3; i++) {
        if (body[1 + 2 * i] != ids[i]) return false;
        self.parts[i].dc = body[2 + 2 * i] >> 4;
        self.parts[i].ac = body[2 + 2 * i] & 15;
        if (self.parts[i].dc > 3 || self.parts[i].ac > 3) return false;
      }
      break;
    } else if (kind < 0xE0 || kind == 0xFF) {
      return false;
    }
  }
  const int h = self.parts[0].h, v = self.parts[0].v;
  if (!((h == 1 && v == 1) || (h == 2 && (v == 1 || v == 2)))) return false;
  const int across = (width + 8 * h - 1) / (8 * h), down = (rows + 8 * v - 1) / (8 * v);
  for (int i = 0; i < 3; i++) {
    auto& one = self.parts[i];
    if (i > 0 && (one.h != 1 || one.v != 1)) return false;
    if (!tables->has_quant[one.quant] || !tables->dc[one.dc].defined || !tables->ac[one.ac].defined) return false;
    one.stride = across * one.h * 8;
    one.width = (width * one.h + h - 1) / h;
    one.height = (rows * one.v + v - 1) / v;
    one.prediction = 0;
    one.plane.resize(static_cast<size_t>(one.stride) * down * one.v * 8);
  }
  // Each compiled on its own: within one large function the compiler loses what it knows of the loops.
  static const auto scan = Compiled<&DecodeScan>::Best();
  static const auto upsample = Compiled<&Upsample>::Best();
  static const auto colours = Compiled<&Colours>::Best();
  bool good = Unstuff(self, at, end, interval);
  if (good) scan(&self, tables, across, down, interval, &good);
  if (!good) return false;
  const auto& [y, cb, cr] = self.parts;
  self.rows.resize(5 * (width + 64));
  self.sums.resize(width + 64);
  uint8_t* up[2] = {self.rows.data(), self.rows.data() + width + 64};
  for (int row = 0; row < rows; row++) {
    const uint8_t* chroma[2];
    for (int i = 0; i < 2; i++) {
      const auto& one = i ? cr : cb;
      const int near = row / v, other = near + (row % 2 ? 1 : -1);
      const uint8_t* line = one.plane.data() + near * one.stride;
      const uint8_t* beside = one.plane.data() + (other < 0 ? 0 : other >= one.height ? one.height - 1 : other) * one.stride;
      if (h == 2) upsample(line, v == 2 ? beside : nullptr, one.width, self.sums.data() + 1, up[i]);
      chroma[i] = h == 2 ? up[i] : line;
    }
    colours(y.plane.data() + row * y.stride, chroma[0], chroma[1], width, convert, up[1] + width + 64, out + row * width * 3);
  }
  return true;
}

}  // namespace histo::jpeg
