/** @module Half-precision numbers (IEEE 754 binary16), which Node 20 has no array for: their bits as 16-bit integers. */

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);
const LEAST_NORMAL = 0x38800000;
const INFINITY = 0x47800000;
/** Difference of the exponents' offsets, 127 and 15, at its place in a single-precision number. */
const REBASE = 112 << 23;

/** Bits of the nearest half-precision numbers; ties go to even ones. */
export function halvesOf(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (value) => {
    single[0] = value;
    const all = bits[0] as number;
    const sign = (all >>> 16) & 0x8000;
    const size = all & 0x7fffffff;
    if (size >= INFINITY) return sign | (Number.isNaN(value) ? 0x7e00 : 0x7c00);
    if (size < LEAST_NORMAL) return sign | roundToEven(Math.abs(value) * 2 ** 24);
    const rebased = size - REBASE;
    return sign | ((rebased + 0xfff + ((rebased >> 13) & 1)) >> 13);
  });
}

/** The numbers that half-precision bits stand for. */
export function singlesOf(halves: Uint16Array): Float32Array {
  return Float32Array.from(halves, (half) => {
    const exponent = (half >> 10) & 31;
    const fraction = half & 0x3ff;
    const size =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent < 31
          ? (1024 + fraction) * 2 ** (exponent - 25)
          : fraction === 0
            ? Number.POSITIVE_INFINITY
            : Number.NaN;
    return half & 0x8000 ? -size : size;
  });
}

function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
