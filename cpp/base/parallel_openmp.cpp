#ifdef CONVCORE_OPENMP
#include <omp.h>

#include "base/parallel_backend.h"

namespace cc {

namespace {
const int at_start = omp_get_max_threads();
}

void run_openmp(int threads, Member member) {
#pragma omp parallel num_threads(threads)
    member(omp_get_thread_num());
}

// Only a lowered maximum is an order: the initial one is the affinity mask, which default_num_threads knows better.
int openmp_limit() {
    int now = omp_get_max_threads();
    return now < at_start ? now : 0;
}

}  // namespace cc
#endif
