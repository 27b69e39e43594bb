// Everything an embedding C++ project sees: find_package(convcore), link convcore::core, include this page.
#pragma once

#include "autograd/autocast.h"
#include "autograd/backward.h"
#include "nn/activation.h"
#include "nn/containers.h"
#include "nn/conv.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/normalization.h"
#include "nn/pool.h"
#include "nn/shape.h"
#include "ops/ops.h"
#include "ops/random.h"
#include "optim/rules.h"
