#include "nn/conv.h"

#include "nn/init.h"

namespace cc {

namespace {

void per_axis(const char* op, const char* argument, int rank, Sizes& sizes, int64_t least = 1) {
    if (sizes.size() == 1) sizes.assign(rank, sizes[0]);
    check(static_cast<int>(sizes.size()) == rank, op, ": ", argument, " must be one number or ", rank, " numbers, got ",
          sizes.size());
    for (int64_t size : sizes)
        check(size >= least, op, ": ", argument, least == 1 ? " must be positive" : " must not be negative", ", got ", size);
}

}  // namespace

Conv::Conv(int rank, bool transposed, int64_t in_channels, int64_t out_channels, Sizes kernel_size, ConvOptions options,
           bool bias, Dtype dtype)
    : in_channels(in_channels), out_channels(out_channels), kernel_size(std::move(kernel_size)),
      options(std::move(options)), rank_(rank), transposed_(transposed) {
    const ConvOptions& o = this->options;
    per_axis(kind(), "kernel_size", rank, this->kernel_size);
    per_axis(kind(), "stride", rank, this->options.stride);
    per_axis(kind(), "dilation", rank, this->options.dilation);
    check(o.groups > 0, kind(), ": groups must be positive, got ", o.groups);
    check(in_channels >= 0 && in_channels % o.groups == 0, kind(),
          ": in_channels must not be negative and be divisible by groups, got in_channels ", in_channels, ", groups ", o.groups);
    check(out_channels > 0 && out_channels % o.groups == 0, kind(),
          ": out_channels must be positive and divisible by groups, got out_channels ", out_channels, ", groups ", o.groups);
    const std::string& mode = o.padding_mode;
    check(mode == "zeros" || (!transposed && (mode == "reflect" || mode == "replicate" || mode == "circular")), kind(),
          ": padding_mode must be 'zeros'", transposed ? "" : ", 'reflect', 'replicate' or 'circular'", ", got '", mode, "'");
    if (auto* name = std::get_if<std::string>(&o.padding)) {
        check(!transposed, kind(), ": padding must be numbers, got '", *name, "'");
        check(*name == "same" || *name == "same_lower" || *name == "valid" || *name == "full", kind(),
              ": padding must be 'valid', 'same', 'same_lower', 'full' or numbers, got '", *name, "'");
    } else {
        size_t count = std::get<Sizes>(o.padding).size();
        if (count == 1) this->options.padding = Sizes(rank, std::get<Sizes>(o.padding)[0]);
        else
            check(count == size_t(rank) || count == 2 * size_t(rank), kind(), ": padding must be one number, ", rank,
                  " numbers or ", rank, " pairs, got ", count, " numbers");
        for (int64_t pad : std::get<Sizes>(o.padding)) check(pad >= 0, kind(), ": padding must not be negative, got ", pad);
    }
    Shape shape = transposed ? Shape{in_channels, out_channels / o.groups} : Shape{out_channels, in_channels / o.groups};
    for (int64_t size : this->kernel_size) shape.push_back(size);
    register_parameter("weight", new_parameter(shape, dtype));
    register_parameter("bias", bias ? new_parameter({out_channels}, dtype) : Tensor());
}

const char* Conv::kind() const {
    constexpr const char* kinds[][3] = {{"Conv1d", "Conv2d", "Conv3d"},
                                        {"ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"}};
    return kinds[transposed_][rank_ - 1];
}

void Conv::reset_parameters() { init_fan_in(parameter("weight"), parameter("bias")); }

Tensor Conv::forward(const Tensor& input) {
    return conv(rank_, input, parameter("weight"), parameter("bias"), options);
}

ConvTranspose::ConvTranspose(int rank, int64_t in_channels, int64_t out_channels, Sizes kernel_size, ConvOptions options,
                             Sizes output_padding, bool bias, Dtype dtype)
    : Conv(rank, true, in_channels, out_channels, std::move(kernel_size), std::move(options), bias, dtype),
      output_padding(std::move(output_padding)) {
    per_axis(kind(), "output_padding", rank, this->output_padding, 0);
}

Tensor ConvTranspose::forward(const Tensor& input) { return forward(input, {}); }

Tensor ConvTranspose::forward(const Tensor& input, const Sizes& output_size) {
    return conv_transpose(rank(), input, parameter("weight"), parameter("bias"), options, output_padding, output_size);
}

}  // namespace cc
