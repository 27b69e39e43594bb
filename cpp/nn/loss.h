// Losses: modules of one op call between inputs and a target.
#pragma once

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

class Loss : public Module {
public:
    explicit Loss(LossReduction reduction) : reduction(reduction) {}
    LossReduction reduction;
};

class CrossEntropyLoss : public Loss {
public:
    CrossEntropyLoss(Tensor weight, int64_t ignore_index, LossReduction reduction, double label_smoothing);
    const char* kind() const override { return "CrossEntropyLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target);
    int64_t ignore_index;
    double label_smoothing;
};

class NLLLoss : public Loss {
public:
    NLLLoss(Tensor weight, int64_t ignore_index, LossReduction reduction);
    const char* kind() const override { return "NLLLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target);
    int64_t ignore_index;
};

class BCELoss : public Loss {
public:
    BCELoss(Tensor weight, LossReduction reduction);
    const char* kind() const override { return "BCELoss"; }
    Tensor forward(const Tensor& input, const Tensor& target);
};

class BCEWithLogitsLoss : public Loss {
public:
    BCEWithLogitsLoss(Tensor weight, Tensor pos_weight, LossReduction reduction);
    const char* kind() const override { return "BCEWithLogitsLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target);
};

class MSELoss : public Loss {
public:
    using Loss::Loss;
    const char* kind() const override { return "MSELoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) { return mse_loss(input, target, reduction); }
};

class L1Loss : public Loss {
public:
    using Loss::Loss;
    const char* kind() const override { return "L1Loss"; }
    Tensor forward(const Tensor& input, const Tensor& target) { return l1_loss(input, target, reduction); }
};

class SmoothL1Loss : public Loss {
public:
    SmoothL1Loss(LossReduction reduction, double beta) : Loss(reduction), beta(beta) {}
    const char* kind() const override { return "SmoothL1Loss"; }
    Tensor forward(const Tensor& input, const Tensor& target) { return smooth_l1_loss(input, target, reduction, beta); }
    double beta;
};

class HuberLoss : public Loss {
public:
    HuberLoss(LossReduction reduction, double delta) : Loss(reduction), delta(delta) {}
    const char* kind() const override { return "HuberLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) { return huber_loss(input, target, reduction, delta); }
    double delta;
};

class KLDivLoss : public Module {
public:
    KLDivLoss(std::string reduction, bool log_target) : reduction(std::move(reduction)), log_target(log_target) {}
    const char* kind() const override { return "KLDivLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) { return kl_div(input, target, reduction, log_target); }
    std::string reduction;  // also "batchmean"
    bool log_target;
};

class SoftMarginLoss : public Loss {
public:
    using Loss::Loss;
    const char* kind() const override { return "SoftMarginLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) { return soft_margin_loss(input, target, reduction); }
};

class HingeEmbeddingLoss : public Loss {
public:
    HingeEmbeddingLoss(double margin, LossReduction reduction) : Loss(reduction), margin(margin) {}
    const char* kind() const override { return "HingeEmbeddingLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) { return hinge_embedding_loss(input, target, margin, reduction); }
    double margin;
};

class PoissonNLLLoss : public Loss {
public:
    PoissonNLLLoss(bool log_input, bool full, double eps, LossReduction reduction)
        : Loss(reduction), log_input(log_input), full(full), eps(eps) {}
    const char* kind() const override { return "PoissonNLLLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) {
        return poisson_nll_loss(input, target, log_input, full, eps, reduction);
    }
    bool log_input, full;
    double eps;
};

class GaussianNLLLoss : public Loss {
public:
    GaussianNLLLoss(bool full, double eps, LossReduction reduction) : Loss(reduction), full(full), eps(eps) {}
    const char* kind() const override { return "GaussianNLLLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target, const Tensor& var) {
        return gaussian_nll_loss(input, target, var, full, eps, reduction);
    }
    bool full;
    double eps;
};

class MultiLabelSoftMarginLoss : public Loss {
public:
    MultiLabelSoftMarginLoss(Tensor weight, LossReduction reduction);
    const char* kind() const override { return "MultiLabelSoftMarginLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target);
};

class MultiMarginLoss : public Loss {
public:
    MultiMarginLoss(int64_t p, double margin, Tensor weight, LossReduction reduction);
    const char* kind() const override { return "MultiMarginLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target);
    int64_t p;
    double margin;
};

class MultiLabelMarginLoss : public Loss {
public:
    using Loss::Loss;
    const char* kind() const override { return "MultiLabelMarginLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) { return multilabel_margin_loss(input, target, reduction); }
};

class MarginRankingLoss : public Loss {
public:
    MarginRankingLoss(double margin, LossReduction reduction) : Loss(reduction), margin(margin) {}
    const char* kind() const override { return "MarginRankingLoss"; }
    Tensor forward(const Tensor& input1, const Tensor& input2, const Tensor& target) {
        return margin_ranking_loss(input1, input2, target, margin, reduction);
    }
    double margin;
};

class CosineEmbeddingLoss : public Loss {
public:
    CosineEmbeddingLoss(double margin, LossReduction reduction) : Loss(reduction), margin(margin) {}
    const char* kind() const override { return "CosineEmbeddingLoss"; }
    Tensor forward(const Tensor& input1, const Tensor& input2, const Tensor& target) {
        return cosine_embedding_loss(input1, input2, target, margin, reduction);
    }
    double margin;
};

class TripletMarginLoss : public Loss {
public:
    TripletMarginLoss(double margin, double p, double eps, bool swap, LossReduction reduction);
    const char* kind() const override { return "TripletMarginLoss"; }
    Tensor forward(const Tensor& anchor, const Tensor& positive, const Tensor& negative) {
        return triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction);
    }
    double margin, p, eps;
    bool swap;
};

class CosineSimilarity : public Module {
public:
    CosineSimilarity(int64_t dim, double eps) : dim(dim), eps(eps) {}
    const char* kind() const override { return "CosineSimilarity"; }
    Tensor forward(const Tensor& x1, const Tensor& x2) { return cosine_similarity(x1, x2, dim, eps); }
    int64_t dim;
    double eps;
};

class PairwiseDistance : public Module {
public:
    PairwiseDistance(double p, double eps, bool keepdim) : p(p), eps(eps), keepdim(keepdim) {}
    const char* kind() const override { return "PairwiseDistance"; }
    Tensor forward(const Tensor& x1, const Tensor& x2) { return pairwise_distance(x1, x2, p, eps, keepdim); }
    double p, eps;
    bool keepdim;
};

}  // namespace cc
