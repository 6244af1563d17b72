// All passes in a namespace SECTION, for the instructions that are allowed where this is included; LANES is what a
// register holds.
namespace SECTION {
#include "vectors.inl"

#include "attention.inl"
#include "maps.inl"
#include "tokens.inl"

constexpr Passes passes = {
    HeadScratch::Floats, AttentionForward, AttentionBackward, LayerNormForward, LayerNormBackward, GeluForward,
    GeluBackward,        ColumnSums,       AddBias,           MaxPoolForward,   MaxPoolBackward,   Standardize,
};
}  // namespace SECTION
