// Tables of rows taken by their numbers.
#pragma once

#include <optional>
#include <string>

#include "nn/module.h"

namespace cc {

class Embedding : public Layer {
public:
    Embedding(int64_t num_embeddings, int64_t embedding_dim, std::optional<int64_t> padding_idx, std::optional<double> max_norm,
              double norm_type, bool scale_grad_by_freq, Dtype dtype);  // reset_parameters() sets the first values

    const char* kind() const override { return "Embedding"; }
    Tensor forward(const Tensor& input) override;
    void reset_parameters();

    int64_t num_embeddings, embedding_dim;
    std::optional<int64_t> padding_idx;
    std::optional<double> max_norm;
    double norm_type;
    bool scale_grad_by_freq;
};

class EmbeddingBag : public Module {
public:
    EmbeddingBag(int64_t num_embeddings, int64_t embedding_dim, std::optional<double> max_norm, double norm_type,
                 bool scale_grad_by_freq, std::string mode, bool include_last_offset, std::optional<int64_t> padding_idx,
                 Dtype dtype);

    const char* kind() const override { return "EmbeddingBag"; }
    Tensor forward(const Tensor& input, const Tensor& offsets, const Tensor& per_sample_weights);
    void reset_parameters();

    int64_t num_embeddings, embedding_dim;
    std::optional<double> max_norm;
    double norm_type;
    bool scale_grad_by_freq;
    std::string mode;
    bool include_last_offset;
    std::optional<int64_t> padding_idx;
};

}  // namespace cc
