// The operators: one line each, one file per operator or family beside this page. Each checks its arguments, finds the output's
// shape, runs a kernel and puts the result on the tape. Names, argument order, defaults and meaning are PyTorch's.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "autograd/tensor.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/recurrent/recurrent.h"

namespace cc {

// Without a tape weights are taken to stay: what kernels compute from them alone is kept with them. Not so in a backward
// pass, after which an optimizer changes them.
inline Ref<Packs> packs_of(const Array& weight) {
    return grad_enabled() || in_backward() ? nullptr : weight.storage().packs();
}

inline InFormat in_format(const Tensor& x, Format format) {
    if (!x.defined()) return {};
    return {x.array(), format};
}

using Axes = std::vector<int64_t>;
using Sizes = std::vector<int64_t>;

// Promotion and conversion (promote.cpp)
Dtype result_type(const Tensor& a, const Tensor& b);
Tensor to(const Tensor& x, Dtype dtype);
Tensor number(double value, Dtype dtype);   // a Python number as a 0-d operand that does not widen its partner

// New tensors, row-major (factories.cpp; random ones: random.h)
Tensor full(const Shape& size, double value, Dtype dtype);
Tensor zeros(const Shape& size, Dtype dtype);
Tensor ones(const Shape& size, Dtype dtype);
Tensor empty(const Shape& size, Dtype dtype);
Tensor full_like(const Tensor& x, double value, Dtype dtype);   // keeps x's format
Tensor arange(double start, double end, double step, Dtype dtype);
Tensor linspace(double start, double end, int64_t steps, Dtype dtype);
Tensor eye(int64_t n, int64_t m, Dtype dtype);
Tensor triangle_indices(int64_t row, int64_t col, int64_t offset, bool upper);   // (2, n): where a triangle of a matrix lies
Tensor combination_indices(int64_t n, int64_t r, bool with_replacement);   // (choices, r): r of 0 … n − 1, in order

// Elementwise with one operand (unary.cpp)
Tensor unary(Unary op, const Tensor& x, double p = 0, double q = 0);   // every function of the table and its parameters
bool saves_input(Unary op, double p, double q);   // whether its gradient reads the input: then it is copied before an op in place
Tensor clamp(const Tensor& x, double low, double high);
Tensor leaky_relu(const Tensor& x, double negative_slope);
Tensor elu(const Tensor& x, double alpha);
Tensor softplus(const Tensor& x, double beta, double threshold);

// Activations of several elements (activation.cpp)
Tensor prelu(const Tensor& input, const Tensor& weight);
Tensor rrelu(const Tensor& input, double lower, double upper, bool training);   // random slopes when training, else their mean
Tensor glu(const Tensor& input, int64_t dim);
Tensor maxout(const Tensor& input, int64_t k);   // (N, C·k, …) to (N, C, …)

// Elementwise with two or three operands, broadcasting (binary.cpp)
Tensor binary(Binary op, const Tensor& a, const Tensor& b);
Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);
Tensor pow(const Tensor& a, const Tensor& b);
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
Tensor neg(const Tensor& x);
Tensor scale(const Tensor& x, double factor);   // x·factor for a plain number

// Several operands and plain numbers in one pass, broadcasting (blend.cpp)
Tensor addcmul(const Tensor& input, const Tensor& tensor1, const Tensor& tensor2, double value);
Tensor addcdiv(const Tensor& input, const Tensor& tensor1, const Tensor& tensor2, double value);
Tensor lerp(const Tensor& input, const Tensor& end, const Tensor& weight);
Tensor logaddexp(const Tensor& input, const Tensor& other, double base);
Tensor nan_to_num(const Tensor& input, double nan, std::optional<double> posinf, std::optional<double> neginf);

// Reductions; empty axes means all (reduce.cpp)
Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor nansum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);   // NaN counts as zero
Tensor sum_to(const Tensor& x, const Shape& shape);   // the adjoint of broadcasting
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor prod(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor var(const Tensor& x, const Axes& axes = {}, double correction = 1, bool keepdim = false);
Tensor amax(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor amin(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
std::pair<Tensor, Tensor> max(const Tensor& x, int64_t axis, bool keepdim = false);
std::pair<Tensor, Tensor> min(const Tensor& x, int64_t axis, bool keepdim = false);
Tensor argmax(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdim = false);
Tensor argmin(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdim = false);
Tensor any(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor all(const Tensor& x, const Axes& axes = {}, bool keepdim = false);

// Built of them (statistics.cpp); along one axis (scan.cpp, sort.cpp)
Tensor std(const Tensor& x, const Axes& axes = {}, double correction = 1, bool keepdim = false);
Tensor norm(const Tensor& x, double p, const Axes& axes = {}, bool keepdim = false);
Tensor logsumexp(const Tensor& x, const Axes& axes, bool keepdim = false);
Tensor cross(const Tensor& input, const Tensor& other, int64_t dim);   // the vector product (cross.cpp)
Tensor cumsum(const Tensor& input, int64_t dim);   // scan.cpp
Tensor cumprod(const Tensor& input, int64_t dim);
std::pair<Tensor, Tensor> cummax(const Tensor& input, int64_t dim);   // values, indices: the last of equals
std::pair<Tensor, Tensor> cummin(const Tensor& input, int64_t dim);
std::pair<Tensor, Tensor> sort(const Tensor& input, int64_t dim, bool descending);   // values, indices; stable
Tensor argsort(const Tensor& input, int64_t dim, bool descending);
std::pair<Tensor, Tensor> topk(const Tensor& input, int64_t k, int64_t dim, bool largest);
std::pair<Tensor, Tensor> kthvalue(const Tensor& input, int64_t k, int64_t dim, bool keepdim);   // k from 1
std::pair<Tensor, Tensor> median(const Tensor& input, int64_t dim, bool keepdim);
std::pair<Tensor, Tensor> nanmedian(const Tensor& input, int64_t dim, bool keepdim);
// Of the flattened input its values, or those of runs of equal neighbours; where asked for, the number of each element's and how
// many there are of each.
Tensors unique(const Tensor& input, bool sorted, bool return_inverse, bool return_counts);
Tensor searchsorted(const Tensor& sorted_sequence, const Tensor& input, bool right);
Tensor bincount(const Tensor& input, int64_t minlength);

// Shapes and views (view.cpp)
Tensor view(const Tensor& x, const Shape& shape);
Tensor reshape(const Tensor& x, const Shape& shape);
Tensor flatten(const Tensor& x, int64_t start_dim = 0, int64_t end_dim = -1);
Tensor permute(const Tensor& x, const Axes& order);
Tensor transpose(const Tensor& x, int64_t a, int64_t b);
Tensor expand(const Tensor& x, const Shape& shape);   // -1 keeps a size
Tensor squeeze(const Tensor& x, std::optional<int64_t> axis = {});
Tensor unsqueeze(const Tensor& x, int64_t axis);
Tensor slice(const Tensor& x, int64_t axis, int64_t start, int64_t count, int64_t step);
Tensor select(const Tensor& x, int64_t axis, int64_t index);
Tensor diagonal(const Tensor& input, int64_t offset, int64_t dim1, int64_t dim2);     // diagonal.cpp
Tensor diag_embed(const Tensor& input, int64_t offset, int64_t dim1, int64_t dim2);
Tensor contiguous(const Tensor& x, Format format = Format::RowMajor);
Tensor clone(const Tensor& x);

// Joining, parting and rearranging (cat.cpp, rearrange.cpp)
Tensor cat(const Tensors& tensors, int64_t axis = 0);
Tensor stack(const Tensors& tensors, int64_t axis = 0);
Tensors split_with_sizes(const Tensor& x, const Sizes& sizes, int64_t axis);
Tensors split(const Tensor& x, int64_t size, int64_t axis);   // views; the last may be smaller
Tensors chunk(const Tensor& x, int64_t chunks, int64_t axis);
Tensors unbind(const Tensor& x, int64_t axis);
Tensor flip(const Tensor& x, const Axes& axes);
Tensor roll(const Tensor& x, const Sizes& shifts, const Axes& axes);
// Borders, or with negative widths crops: (low, high) of the last dimension, then of the one before it, … (pad.cpp);
// mode "constant" (of value), "reflect", "replicate" or "circular"
Tensor pad(const Tensor& input, const Sizes& pad, const std::string& mode = "constant", double value = 0);
Tensor tril(const Tensor& x, int64_t diagonal = 0);
Tensor triu(const Tensor& x, int64_t diagonal = 0);

// Indexing: by an index per element, along one axis (index.cpp), by any index tensors and masks (index_put.cpp)
Tensor gather(const Tensor& input, int64_t dim, const Tensor& index);
Tensor scatter(const Tensor& input, int64_t dim, const Tensor& index, const Tensor& src);
Tensor scatter_add(const Tensor& input, int64_t dim, const Tensor& index, const Tensor& src);
Tensor index_select(const Tensor& input, int64_t dim, const Tensor& index);
Tensor index_add(const Tensor& input, int64_t dim, const Tensor& index, const Tensor& source);
Tensor index_sum(const Shape& size, int64_t dim, const Tensor& index, const Tensor& source);   // the same into zeros
Tensor index(const Tensor& x, const Tensors& indices);   // an entry per axis, undefined for a whole axis; a mask covers its rank
Tensor index_put(const Tensor& x, const Tensors& indices, const Tensor& value, bool accumulate);
Tensor masked_select(const Tensor& input, const Tensor& mask);
Tensor masked_fill(const Tensor& input, const Tensor& mask, const Tensor& value);
Tensor nonzero(const Tensor& input);
Tensor one_hot(const Tensor& input, int64_t num_classes = -1);

// Rows of a table by their numbers (embedding.cpp); bags of them as a "sum", a "mean" or the greatest ("max")
int64_t padding_row(const char* op, int64_t padding_idx, int64_t rows);   // counted from the start
Tensor embedding(const Tensor& input, const Tensor& weight, std::optional<int64_t> padding_idx = {},
                 std::optional<double> max_norm = {}, double norm_type = 2, bool scale_grad_by_freq = false);
Tensor embedding_bag(const Tensor& input, const Tensor& weight, const Tensor& offsets, std::optional<double> max_norm,
                     double norm_type, bool scale_grad_by_freq, const std::string& mode, const Tensor& per_sample_weights,
                     bool include_last_offset, std::optional<int64_t> padding_idx);

// In place (inplace.cpp): target takes value's numbers (broadcast, converted) and, when recorded, its place on the tape.
// A temporary value's memory is taken over where nobody else sees it.
void assign(const Tensor& target, Tensor value);
void binary_(Binary op, const Tensor& target, const Tensor& other);   // TypeError where the result's dtype does not fit
void unary_(Unary op, const Tensor& target, double p = 0, double q = 0);
void fill_(const Tensor& target, double value);

// Matrix products (matmul.cpp, linear.cpp)
Tensor matmul(const Tensor& a, const Tensor& b);
Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias);   // weight (out, in), or (in) for one output
Tensor bilinear(const Tensor& input1, const Tensor& input2, const Tensor& weight, const Tensor& bias);

// Convolution and its two gradients, any rank (conv.cpp)
struct ConvOptions {
    Sizes stride{1};                                   // one value or one per spatial axis
    std::variant<std::string, Sizes> padding = Sizes{0};  // a word; one, one per axis, or (low, high) pairs flattened
    Sizes dilation{1};
    int64_t groups = 1;
    bool flip = false;                                 // true convolution
    std::string padding_mode = "zeros";                // of conv alone: what the padding is, or a mode of pad
};
Tensor conv(int rank, const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvOptions& options);
Tensor conv_grad_input(int rank, const Shape& input_size, const Tensor& weight, const Tensor& grad_output,
                       const ConvOptions& options);
Tensor conv_grad_weight(int rank, const Tensor& input, const Shape& weight_size, const Tensor& grad_output,
                        const ConvOptions& options);
// The adjoint of conv in its input, with weight (in, out/groups, kernel…). output_padding lengthens the output at the end;
// output_size (of the spatial axes or the whole shape), where given, says the same in another way.
Tensor conv_transpose(int rank, const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvOptions& options,
                      const Sizes& output_padding = {0}, const Sizes& output_size = {});

// Pooling, any rank (pool.cpp)
struct PoolOptions {
    Sizes kernel_size, stride, padding{0}, dilation{1};  // an empty stride means kernel_size
    bool ceil_mode = false;
    bool count_include_pad = true;   // average only
    int64_t divisor_override = 0;    // average only; 0: none
};
// Values and, where asked for, the places they came from.
std::pair<Tensor, Tensor> max_pool(int rank, const Tensor& input, const PoolOptions& options, bool return_indices);
Tensor avg_pool(int rank, const Tensor& input, const PoolOptions& options);
// Windows adapted to the output's size: one, or one per axis, −1 for the input's.
std::pair<Tensor, Tensor> adaptive_max_pool(int rank, const Tensor& input, const Sizes& output_size, bool return_indices);
Tensor adaptive_avg_pool(int rank, const Tensor& input, const Sizes& output_size);

// Made of them, and from their places back (weighted_pool.cpp, unpool.cpp)
Tensor lp_pool(int rank, const Tensor& input, double norm_type, const PoolOptions& options);
Tensor gaussian_pool(int rank, const Tensor& input, const PoolOptions& options, const std::vector<double>& sigma);
Tensor max_unpool(int rank, const Tensor& input, const Tensor& indices, const PoolOptions& options, const Sizes& output_size);
std::pair<Tensor, Tensor> fractional_max_pool(int rank, const Tensor& input, const Sizes& kernel_size, const Sizes& output_size,
                                              bool return_indices, const Tensor& samples);

// Another size for maps (interpolate.cpp)
struct InterpolateOptions {
    std::optional<Sizes> size;   // one, or one per axis; or else
    std::optional<std::vector<double>> scale_factor;
    std::string mode = "nearest";
    std::optional<bool> align_corners, recompute_scale_factor;
    bool antialias = false;
};
Tensor interpolate(const Tensor& input, const InterpolateOptions& options);

// Windows of maps as columns, and columns added up (fold.cpp)
struct FoldOptions {
    Sizes kernel_size, dilation{1}, padding{0}, stride{1};
};
Tensor unfold(const Tensor& input, const FoldOptions& options);
Tensor fold(const Tensor& input, const Sizes& output_size, const FoldOptions& options);
Tensor unfold(const Tensor& x, int64_t dimension, int64_t size, int64_t step);   // windows along one dimension, a view

// Channels exchanged for places, or mixed (shuffle.cpp)
Tensor pixel_shuffle(const Tensor& input, int64_t upscale_factor);
Tensor pixel_unshuffle(const Tensor& input, int64_t downscale_factor);
Tensor channel_shuffle(const Tensor& input, int64_t groups);

// Maps read at any points (grid_sample.cpp)
Tensor grid_sample(const Tensor& input, const Tensor& grid, const std::string& mode, const std::string& padding_mode,
                   bool align_corners);
Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners);

// Normalisation (batch_norm.cpp, group_norm.cpp, response_norm.cpp, local_contrast_norm.cpp)
Tensor local_contrast_norm(const Tensor& input, int64_t kernel_size, double sigma, double eps);
Tensor batch_norm(const Tensor& input, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, bool training, double momentum, double eps);
Tensor instance_norm(const Tensor& input, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                     const Tensor& bias, bool use_input_stats, double momentum, double eps);
Tensor group_norm(const Tensor& input, int64_t num_groups, const Tensor& weight, const Tensor& bias, double eps);
Tensor layer_norm(const Tensor& input, const Shape& normalized_shape, const Tensor& weight, const Tensor& bias, double eps);
Tensor rms_norm(const Tensor& input, const Shape& normalized_shape, const Tensor& weight, std::optional<double> eps);
Tensor local_response_norm(const Tensor& input, int64_t size, double alpha, double beta, double k);
Tensor normalize(const Tensor& input, double p, int64_t dim, double eps);

// Recurrent layers (recurrent.cpp). input (steps, rows, gates·hidden) is already multiplied by its weights; the states before are h0
// and, of Lstm, c0 (rows, hidden). Gives the states after each step (1 or 2, steps, rows, hidden): h and, of Lstm, c.
Tensor recurrence(Cell cell, const Tensor& input, const Tensor& h0, const Tensor& c0, const Tensor& weight, const Tensor& bias,
                  bool reverse);
// The same in closed ops; with a projection h = projection·h, and the result is h and c side by side (steps, rows, both).
Tensor recurrence_in_steps(Cell cell, const Tensor& input, const Tensor& h0, const Tensor& c0, const Tensor& weight,
                           const Tensor& bias, const Tensor& projection, bool reverse);

// Softmax, dropout (softmax.cpp, dropout.cpp), losses (cross_entropy.cpp, nll.cpp, loss.cpp)
Tensor softmax(const Tensor& input, int64_t dim);
Tensor log_softmax(const Tensor& input, int64_t dim);
Tensor softmin(const Tensor& input, int64_t dim);
Tensor gumbel_softmax(const Tensor& logits, double tau, bool hard, int64_t dim);
LossReduction reduction_of(const char* op, const std::string& text);   // "none", "mean" or "sum"
Tensor cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight, int64_t ignore_index,
                     LossReduction reduction, double label_smoothing);
Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight, int64_t ignore_index,
                LossReduction reduction);
Tensor mse_loss(const Tensor& input, const Tensor& target, LossReduction reduction, const Tensor& weight = {});
Tensor l1_loss(const Tensor& input, const Tensor& target, LossReduction reduction, const Tensor& weight = {});
Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, LossReduction reduction, double beta);
Tensor huber_loss(const Tensor& input, const Tensor& target, LossReduction reduction, double delta, const Tensor& weight = {});
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight, LossReduction reduction);
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target, const Tensor& weight,
                                        const Tensor& pos_weight, LossReduction reduction);
Tensor kl_div(const Tensor& input, const Tensor& target, const std::string& reduction, bool log_target);   // or "batchmean"
Tensor soft_margin_loss(const Tensor& input, const Tensor& target, LossReduction reduction);
Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target, double margin, LossReduction reduction);
Tensor poisson_nll_loss(const Tensor& input, const Tensor& target, bool log_input, bool full, double eps,
                        LossReduction reduction);
Tensor gaussian_nll_loss(const Tensor& input, const Tensor& target, const Tensor& var, bool full, double eps,
                         LossReduction reduction);
Tensor multilabel_soft_margin_loss(const Tensor& input, const Tensor& target, const Tensor& weight, LossReduction reduction);
Tensor dropout(const Tensor& input, double p, bool training);
Tensor dropout_channels(int rank, const Tensor& input, double p, bool training);   // whole channels: dropout1d, 2d, 3d
Tensor alpha_dropout(const Tensor& input, double p, bool training);
Tensor feature_alpha_dropout(const Tensor& input, double p, bool training);   // whole channels

// Losses of margins (margin.cpp), distances of vectors (distance.cpp)
Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target, double margin,
                           LossReduction reduction);
Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2, const Tensor& target, double margin,
                             LossReduction reduction);
Tensor multi_margin_loss(const Tensor& input, const Tensor& target, int64_t p, double margin, const Tensor& weight,
                         LossReduction reduction);
Tensor multilabel_margin_loss(const Tensor& input, const Tensor& target, LossReduction reduction);
Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const std::vector<int64_t>& input_lengths,
                const std::vector<int64_t>& target_lengths, int64_t blank, LossReduction reduction, bool zero_infinity);   // ctc.cpp
Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative, double margin, double p,
                           double eps, bool swap, LossReduction reduction);
Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t dim, double eps);
Tensor pdist(const Tensor& input, double p);   // of every two rows
Tensor pairwise_distance(const Tensor& x1, const Tensor& x2, double p, double eps, bool keepdim);

}  // namespace cc
