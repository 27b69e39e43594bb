// Sampling by blocks of points. Results and the grid's gradient belong to their points; the input's gradient, where points of one
// image meet, is parted by images and channels, so that each place is added to by one task, in the order of the points.
#include "kernels/grid_sample/grid_points.h"

#include <algorithm>

#include "base/parallel.h"
#include "kernels/grid_sample/grid_sample.h"

namespace cc {

const char* points_decline(const GridSampleProblem& p) {
    return p.in_pixels() >= int64_t{1} << 24 ? "places of 2^24 pixels or more are not exact in float32" : nullptr;
}

void grid_sample_by_points(const GridSampleProblem& p, const GridSampleArgs& args, const GridFunctions* functions_of_dtypes) {
    if (p.n * p.points == 0) return;
    const GridFunctions& functions = functions_of_dtypes[p.dtype == Dtype::Float64];
    const int64_t size = static_cast<int64_t>(itemsize(p.dtype));
    auto shifted = [size](const void* base, int64_t elements) {
        return base ? static_cast<char*>(const_cast<void*>(base)) + elements * size : nullptr;
    };
    GridBlock common{};
    for (int a = 0; a < 3; ++a) common.axes[a] = grid_axis(p, a);
    common.rank = p.rank;
    common.mode = p.mode;
    common.padding = p.padding;
    common.c = common.end = p.c;
    auto block_at = [&](int64_t image, int64_t point) {
        GridBlock block = common;
        int64_t at = image * p.points + point;
        block.points = std::min<int64_t>(kGridBlock, p.points - point);
        block.coordinates = shifted(args.grid, at * p.rank);
        block.x = shifted(args.x, image * p.in_pixels() * p.c);
        block.y = shifted(args.y, at * p.c);
        block.grad_x = shifted(args.grad_x, image * p.in_pixels() * p.c);
        block.grad_grid = shifted(args.grad_grid, at * p.rank);
        return block;
    };
    const int64_t blocks = (p.points + kGridBlock - 1) / kGridBlock;
    if (p.pass == GridPass::GradInput) {
        const int64_t width = 32, parts = (p.c + width - 1) / width;
        parallel_for(p.n * parts, 1, [&](int64_t begin, int64_t end) {
            for (int64_t task = begin; task < end; ++task)
                for (int64_t b = 0; b < blocks; ++b) {
                    GridBlock block = block_at(task / parts, b * kGridBlock);
                    block.begin = task % parts * width;
                    block.end = std::min(p.c, block.begin + width);
                    functions.grad_input(block);
                }
        });
        return;
    }
    auto run = p.pass == GridPass::Forward ? functions.forward : functions.grad_grid;
    const int64_t grain = std::max<int64_t>(1, 65536 / (kGridBlock * p.taps() * (p.c + 4)));
    parallel_for(p.n * blocks, grain, [&](int64_t begin, int64_t end) {
        for (int64_t task = begin; task < end; ++task) run(block_at(task / blocks, task % blocks * kGridBlock));
    });
}

}  // namespace cc
