"""What docs/make_pytorch.py cannot find out by itself: why names are lacking, and differences that no signature shows.

A pattern is a name ("eig", wherever it stands), a name with its place ("Tensor.eig", ".eig" for torch.eig) or either
with wildcards ("quantize_*"). One that names nothing lacking, or something we have, makes the generator fail.
"""

# Classes of the package itself that programs name; the others belong to its compilers.
CLASSES = """
    AcceleratorError Event FloatTensor DoubleTensor HalfTensor BFloat16Tensor LongTensor IntTensor ShortTensor CharTensor
    ByteTensor BoolTensor Generator GradScaler OutOfMemoryError Size Storage Stream Tensor autocast device dtype enable_grad
    finfo iinfo inference_mode layout memory_format no_grad qscheme set_grad_enabled TypedStorage UntypedStorage
"""

# What a module or class shows in public without meaning to.
NOT_PUBLIC = """
    nn.functional.has_torch_function* nn.functional.handle_torch_function nn.functional.boolean_dispatch
    nn.functional.assert_int_or_pair nn.Module.T_destination nn.Module.call_super_init nn.Module.dump_patches
    optim.Optimizer.OptimizerP*Hook optim.Optimizer.profile_hook_step
    .TYPE_CHECKING .USE_* .PRIVATE_OPS .AVG .SUM .*_ .classproperty .compiled_with_cxx11_abi .get_file_path .typename
    .import_ir_module* .init_num_threads .merge_type_from_type_comment .parse_* .unify_type_list
    .sym_* .cudnn_* .miopen_* .mkldnn_* .fbgemm_* .from_file .thread_safe_generator .prepare_multiprocessing_environment
    .return_types .torch_version .types .version .library .testing .overrides .functional .functools .quasirandom .onnx
"""

REASONS = {
    "quantisation is not part of convcore": """
        quantize_* quantized_* fake_quantize_* dequantize int_repr q_* qscheme is_quantized
        .ao .quantization .quint* .qint* .per_channel_* .per_tensor_*
    """,
    "distributed training": """
        DistributedSampler DataParallel SyncBatchNorm is_distributed .distributed .futures
    """,
    "complex numbers": """
        conj conj_physical* resolve_conj is_conj is_neg resolve_neg real imag angle
        view_as_complex* view_as_real* polar .complex cdouble cfloat chalf .complex*
    """,
    "sparse tensors": """
        to_sparse* .sparse_* sparse_dim sparse_mask sparse_resize_ sparse_resize_and_clear_ *.is_sparse* coalesce is_coalesced dense_dim to_dense *col_indices* *row_indices* indices *.values
        values_copy indices_copy sspaddmm smm hspmm resize_as_sparse_ SparseAdam .sparse .jagged
        to_padded_tensor is_nested .nested
    """,
    "named tensors": """
        Tensor.name
    """,
    "compilers, tracing and exported graphs": """
        jit .compile nn.Module.compile .compiler .export .fx .cond .while_loop .fork .wait .hub .classes .ops
    """,
    "attention and transformers are not part of convolutional networks": """
        Transformer* MultiheadAttention multi_head_attention_forward scaled_dot_product_attention grouped_mm scaled_grouped_mm
        scaled_mm linear_cross_entropy LinearCrossEntropy* AdaptiveLogSoftmaxWithLoss
    """,
    "linear algebra beyond products of matrices": """
        cholesky* qr svd svd_lowrank pca_lowrank eig symeig lstsq lu lu_solve lu_unpack solve triangular_solve geqrf orgqr ormqr
        inverse pinverse det logdet slogdet matrix_exp  lobpcg  .linalg
        nn.utils.parametrizations.orthogonal
    """,
    "functions of statistics and physics": """
        digamma digamma_ lgamma lgamma_ mvlgamma mvlgamma_ polygamma polygamma_ igamma igamma_ igammac igammac_ i0 i0_ .special
            .poisson .distributions
    """,
    "signal processing": """
        kaiser_window stft istft  .signal .fft
    """,
    "transforms of functions": """
        .vmap .func autograd.functional.*     """,
    "other devices and precisions: the CPU, bfloat16, float32 and float64 are what there is": """
        Tensor.cuda ipu xpu mtia mps half short char  is_ipu is_maia is_meta is_mkldnn is_mps is_mtia is_vulkan is_xla
        is_xpu to_mkldnn  record_stream pin_memory is_pinned to_empty share_memory share_memory_
        is_shared skip_init convert_conv*_weight_memory_format GradScaler Stream Event AcceleratorError
        OutOfMemoryError HalfTensor BFloat16Tensor ShortTensor CharTensor .float16 .float8* .float4* .int1 .int2 .int3 .int4
        .int5 .int6 .int7 .int8 .int16 .uint1 .uint2 .uint3 .uint4 .uint5 .uint6 .uint7 .uint16 .uint32 .uint64 .bit .bits*
        .has_* .accelerator .amp .cpu .backends .get_device_module .get_float32_matmul_precision .set_float32_matmul_precision
        set_override_stale_capture_stream set_warn_on_accumulate_grad_stream_mismatch .xpu .mtia .mps
        .monitor .profiler .multiprocessing
    """,
    "memory behind a tensor is not shown": """
        storage storage_type untyped_storage *Storage is_storage .storage set_ resize_ const_data_ptr is_set_to         dim_order layout .strided legacy_contiguous_format empty_permuted empty_strided new_empty_strided as_strided*
        is_inference .serialization output_nr region_activation_memory_budget
    """,
    "deprecated in PyTorch": """
        .range Container CrossMapLRN2d upsample_bilinear upsample_nearest clip_grad_norm register_backward_hook
        Tensor.new Tensor.volatile Tensor.reinforce Tensor.resize Tensor.resize_as Tensor.map_ Tensor.map2_
        set_default_tensor_type Variable variable NestedIOFunction to_dlpack
    """,
    "a tensor's shape never changes in place": """
        squeeze_ unsqueeze_ swapaxes_ swapdims_ t_ transpose_ resize_as_
    """,
    "settings of the whole process; convcore changes none behind the caller's back and is always deterministic": """
        are_deterministic_algorithms_enabled use_deterministic_algorithms get_deterministic_debug_mode
        set_deterministic_debug_mode is_deterministic_algorithms_warn_only_enabled is_warn_always_enabled set_warn_always
        set_default_device get_default_device set_default_dtype set_flush_denormal get_num_interop_threads
        set_num_interop_threads
    """,
    "rarely wanted with networks; numpy has it": """
        frexp gcd gcd_ lcm lcm_ nextafter nextafter_ histogram histogramdd renorm renorm_ put put_ nonzero_static gradient
        segment_reduce index_reduce index_reduce_ trapezoid trapz cumulative_trapezoid unravel_index
    """,
    "inside the tape": """
        autograd.graph.* detect_anomaly set_detect_anomaly register_post_accumulate_grad_hook retains_grad
        is_inference_mode_enabled
    """,
    "constructors from before torch.tensor": """
        BoolTensor ByteTensor DoubleTensor FloatTensor IntTensor LongTensor
    """,
    "pruning: masks over weights are a few lines as a parametrization": """
        nn.utils.prune.* transfer_parametrizations_and_params
    """,
    "made for language models of great size": """
        Adafactor
    """,
    "register_buffer does it": """
        nn.Buffer
    """,
    "formats are named, never preserved by a flag": """
        preserve_format
    """,
    "data pipes": """
        *DataPipe DataChunk functional_datapipe guaranteed_datapipes_determinism non_deterministic runtime_validation*
        argument_validation
    """,
    "inside PyTorch": """
        alias_copy as_strided_copy detach_copy diagonal_copy expand_copy permute_copy select_copy slice_copy split_copy
        split_with_sizes_copy squeeze_copy t_copy transpose_copy unbind_copy unfold_copy unsqueeze_copy view_copy
        Tensor.index RNNBase RNNCellBase Uninitialized* .package .masked unsafe_* native_* slice_inverse conv_tbc  hash_tensor module_load as_subclass sum_to_size
        enforce_grad_layout_policy allow_mutation_on_saved_tensors increment_version set_multithreading_enabled Tensor.grad_dtype
    """,
}

# Read by hand, where signatures do not tell: the difference, or "" where there is none. PyTorch's stubs and programs
# do not always agree, and one signature of ours may stand for several of theirs.
_SAME = (
    '`padding="same"` goes with any stride (TensorFlow\'s rule, PyTorch\'s at stride 1); also "same_lower", "full", '
    "(low, high) pairs per axis, and by name `flip`"
)
NOTES = {
    **{f"nn.Conv{rank}d": _SAME for rank in (1, 2, 3)},
    "nn.functional.pad": "every mode pads any number of dimensions of any tensor",
    "Tensor.copy_": "",
}
