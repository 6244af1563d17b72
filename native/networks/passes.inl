// All passes in a namespace SECTION, for the instructions that are enabled where this is included. A register has LANES floats.
namespace SECTION {
#include "vectors.inl"
#include "products.inl"

#include "attention.inl"
#include "depthwise.inl"
#include "maps.inl"
#include "normalization.inl"
#include "tokens.inl"

constexpr Passes passes = {
    kRows, kColumns, HeadScratch::Floats, AttentionForward, AttentionBackward, LayerNormForward,
    LayerNormBackward, GeluForward, GeluBackward, ColumnSums, AddBias, MaxPoolForward,
    MaxPoolBackward, Standardize, ColumnMoments, Normalize, NormalizeSums, NormalizeGrad,
    DepthwiseRow, DepthwiseErrors, DepthwiseWeights, PackPanels, TallProduct, CrossProduct,
};
}  // namespace SECTION
