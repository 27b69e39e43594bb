// Embeddings as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "nn/embedding.h"

namespace cc::bind {

void bind_embedding_layers(nb::module_& nn) {
    layer<Embedding>(nn, "Embedding", field("num_embeddings", &Embedding::num_embeddings),
                     field("embedding_dim", &Embedding::embedding_dim), field("padding_idx", &Embedding::padding_idx),
                     field("max_norm", &Embedding::max_norm), field("norm_type", &Embedding::norm_type),
                     field("scale_grad_by_freq", &Embedding::scale_grad_by_freq), parameter_dtype("dtype"))
        .def("reset_parameters", &Embedding::reset_parameters, "Draw the first values again.");
    layer<EmbeddingBag, Module>(
        nn, "EmbeddingBag", field("num_embeddings", &EmbeddingBag::num_embeddings),
        field("embedding_dim", &EmbeddingBag::embedding_dim), field("max_norm", &EmbeddingBag::max_norm),
        field("norm_type", &EmbeddingBag::norm_type), field("scale_grad_by_freq", &EmbeddingBag::scale_grad_by_freq),
        field("mode", &EmbeddingBag::mode), field("include_last_offset", &EmbeddingBag::include_last_offset),
        field("padding_idx", &EmbeddingBag::padding_idx), parameter_dtype("dtype"))
        .def("reset_parameters", &EmbeddingBag::reset_parameters, "Draw the first values again.")
        .def("forward", [](EmbeddingBag& m, const Tensor& input, std::optional<Tensor> offsets,
                           std::optional<Tensor> per_sample_weights) {
            return unlocked(kHeavy, [&] { return m.forward(input, or_none(offsets), or_none(per_sample_weights)); });
        }, nb::arg("input"), nb::arg("offsets").none() = nb::none(), nb::arg("per_sample_weights").none() = nb::none(),
           "What calling the layer computes.");
}

}  // namespace cc::bind
