// What runs a team. A backend calls `member` on at most `threads` threads at once, the caller among them, and returns when
// all have left it. Members share work through counters, so fewer may come, and one that comes late finds nothing to do.
#pragma once

#include "base/parallel.h"

namespace cc {

// Called with a seat from 0 (the caller's) up: a thread has the same in every team.
using Member = FunctionRef<void(int seat)>;  // does not throw

void run_pool(int threads, Member member);
void forget_pool();  // in a forked child: its threads are gone

#ifdef CONVCORE_OPENMP
void run_openmp(int threads, Member member);
int openmp_limit();  // threads the OpenMP runtime was told to stay below (threadpoolctl), 0 for none
#endif

}  // namespace cc
