// Memory shared with numpy and with anything that speaks DLPack.
#include <nanobind/ndarray.h>

#include "bind/bind.h"

namespace cc::bind {

namespace {

// Keeps a storage alive for a foreign view of it; while a writable one lives, nothing keyed by version is cached.
nb::capsule keep_storage(const Array& array, bool writable) {
    struct Export {
        Ref<Storage> storage;
        bool writable;
    };
    if (writable) array.storage().add_export();
    return nb::capsule(new Export{array.storage_ref(), writable}, [](void* p) noexcept {
        auto* exported = static_cast<Export*>(p);
        if (exported->writable) exported->storage->drop_export();
        delete exported;
    });
}

nb::dlpack::dtype dlpack_dtype(Dtype dtype) {
    if (dtype == Dtype::BFloat16) return {static_cast<uint8_t>(nb::dlpack::dtype_code::Bfloat), 16, 1};
    return visit_dtype(dtype, [](auto zero) { return nb::dtype<decltype(zero)>(); });
}

// numpy has no bfloat16: the package shows its bits as one.
nb::dlpack::dtype numpy_dtype(Dtype dtype) { return dtype == Dtype::BFloat16 ? nb::dtype<uint16_t>() : dlpack_dtype(dtype); }

template <class... Kind>
nb::object exported(const Array& array, nb::dlpack::dtype dtype, bool writable) {
    size_t sizes[kMaxRank];
    int64_t strides[kMaxRank];
    for (int i = 0; i < array.rank(); ++i) {
        sizes[i] = static_cast<size_t>(array.size(i));
        strides[i] = array.strides()[i];
    }
    nb::ndarray<Kind...> view(memory_of(array), static_cast<size_t>(array.rank()), sizes, keep_storage(array, writable), strides, dtype);
    return view.cast(nb::rv_policy::reference);
}

Dtype dtype_from_dlpack(nb::dlpack::dtype dtype) {
    for (Dtype candidate :
         {Dtype::Bool, Dtype::UInt8, Dtype::Int32, Dtype::Int64, Dtype::BFloat16, Dtype::Float32, Dtype::Float64})
        if (dlpack_dtype(candidate) == dtype) return candidate;
    fail(ErrorKind::Type, "from_dlpack: the array's dtype (code ", static_cast<int>(dtype.code), ", ",
         static_cast<int>(dtype.bits), " bits) is none of bool, uint8, int32, int64, bfloat16, float32, float64");
}

}  // namespace

void bind_interop(nb::module_& m) {
    // numpy(): shares memory, writable. __array__: shares memory, read-only, never refuses.
    m.def("to_numpy", [](const Tensor& x, bool writable) {
        nb::dlpack::dtype dtype = numpy_dtype(x.dtype());
        return writable ? exported<nb::numpy>(x.array(), dtype, true) : exported<nb::numpy, nb::ro>(x.array(), dtype, false);
    });
    m.def("to_dlpack", [](const Tensor& x) { return exported<nb::array_api>(x.array(), dlpack_dtype(x.dtype()), true); });
    m.def("from_dlpack", [](nb::ndarray<nb::device::cpu> source) {
        Shape shape, strides;
        for (size_t i = 0; i < source.ndim(); ++i) {
            shape.push_back(static_cast<int64_t>(source.shape(i)));
            strides.push_back(source.stride(i));
        }
        Dtype dtype = dtype_from_dlpack(source.dtype());
        auto* owner = new nb::ndarray<nb::device::cpu>(source);
        auto release = [owner] {
            GilAcquire held;
            delete owner;
        };
        return Tensor(Array(make_ref<Storage>(source.data(), source.nbytes(), release), shape, strides, 0, dtype));
    });
    // Wraps memory that `owner` keeps alive; strides in elements.
    m.def("from_memory", [](uintptr_t address, std::vector<int64_t> shape, std::vector<int64_t> strides, Dtype dtype,
                            nb::object owner) {
        auto* kept = new nb::object(std::move(owner));
        auto release = [kept] {
            GilAcquire held;
            delete kept;
        };
        Shape sizes(shape);
        auto storage = make_ref<Storage>(reinterpret_cast<void*>(address),
                                         static_cast<size_t>(sizes.numel()) * itemsize(dtype), release);
        return Tensor(Array(storage, sizes, Shape(strides), 0, dtype));
    });
}

}  // namespace cc::bind
