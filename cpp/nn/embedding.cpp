#include "nn/embedding.h"

#include "nn/init.h"
#include "ops/ops.h"
#include "ops/random.h"

namespace cc {

namespace {

std::optional<int64_t> checked_padding(const char* layer, std::optional<int64_t> padding_idx, int64_t rows) {
    if (!padding_idx) return {};
    return padding_row(layer, *padding_idx, rows);
}

Tensor new_table(const char* layer, int64_t rows, int64_t columns, Dtype dtype) {
    check(rows >= 0, layer, ": num_embeddings must not be negative, got ", rows);
    check(columns >= 0, layer, ": embedding_dim must not be negative, got ", columns);
    return new_parameter({rows, columns}, dtype);
}

// Normally distributed; the padding's row is 0.
void init_table(const Tensor& weight, std::optional<int64_t> padding_idx) {
    GradMode off(false);
    normal_(weight, 0, 1);
    if (padding_idx) weight.array().slice(0, *padding_idx, 1, 1).fill(0);
}

}  // namespace

Embedding::Embedding(int64_t num_embeddings, int64_t embedding_dim, std::optional<int64_t> padding_idx,
                     std::optional<double> max_norm, double norm_type, bool scale_grad_by_freq, Dtype dtype)
    : num_embeddings(num_embeddings), embedding_dim(embedding_dim),
      padding_idx(checked_padding("Embedding", padding_idx, num_embeddings)), max_norm(max_norm), norm_type(norm_type),
      scale_grad_by_freq(scale_grad_by_freq) {
    register_parameter("weight", new_table("Embedding", num_embeddings, embedding_dim, dtype));
}

void Embedding::reset_parameters() { init_table(parameter("weight"), padding_idx); }

Tensor Embedding::forward(const Tensor& input) {
    return embedding(input, parameter("weight"), padding_idx, max_norm, norm_type, scale_grad_by_freq);
}

EmbeddingBag::EmbeddingBag(int64_t num_embeddings, int64_t embedding_dim, std::optional<double> max_norm, double norm_type,
                           bool scale_grad_by_freq, std::string mode, bool include_last_offset,
                           std::optional<int64_t> padding_idx, Dtype dtype)
    : num_embeddings(num_embeddings), embedding_dim(embedding_dim), max_norm(max_norm), norm_type(norm_type),
      scale_grad_by_freq(scale_grad_by_freq), mode(std::move(mode)), include_last_offset(include_last_offset),
      padding_idx(checked_padding("EmbeddingBag", padding_idx, num_embeddings)) {
    register_parameter("weight", new_table("EmbeddingBag", num_embeddings, embedding_dim, dtype));
}

void EmbeddingBag::reset_parameters() { init_table(parameter("weight"), padding_idx); }

Tensor EmbeddingBag::forward(const Tensor& input, const Tensor& offsets, const Tensor& per_sample_weights) {
    return embedding_bag(input, parameter("weight"), offsets, max_norm, norm_type, scale_grad_by_freq, mode, per_sample_weights,
                         include_last_offset, padding_idx);
}

}  // namespace cc
