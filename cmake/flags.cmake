# Compiler flags. A file's suffix alone decides its instruction set: *_avx2.cpp, *_avx512.cpp; all else is x86-64-v2.

set(CONVCORE_WARNINGS -Wall -Wextra -Wpedantic -Wno-unused-parameter)

function(convcore_flags target)
  target_compile_options(${target} PRIVATE ${CONVCORE_WARNINGS} -ffp-contract=off -fno-math-errno -fno-trapping-math
                         $<$<CONFIG:Release>:-O2>)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(${target} PRIVATE -march=x86-64-v2)
    # Problems and arguments are structs of a few hundred bytes: GCC's `rep stos` takes longer to start than they take to clear.
    set(strategy "vector_loop:512:noalign,libcall:-1:noalign")
    target_compile_options(${target} PRIVATE
      "$<$<CXX_COMPILER_ID:GNU>:-mmemset-strategy=${strategy};-mmemcpy-strategy=${strategy}>")
    target_compile_definitions(${target} PRIVATE CONVCORE_X86)
    foreach(source ${ARGN})
      if(source MATCHES "_avx2\\.cpp$")
        set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS
          "-O3;-mavx2;-mfma;-mf16c;-mbmi;-mbmi2;-fno-exceptions")
      elseif(source MATCHES "_avx512\\.cpp$")
        set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS
          "-O3;-mavx2;-mfma;-mf16c;-mbmi;-mbmi2;-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mprefer-vector-width=512;-fno-exceptions;-Wno-maybe-uninitialized;-Wno-uninitialized")
      elseif(source MATCHES "/kernels/")
        set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "-O3")
      endif()
    endforeach()
  endif()
  if(CONVCORE_OPENMP)
    find_package(OpenMP REQUIRED COMPONENTS CXX)
    target_link_libraries(${target} PUBLIC OpenMP::OpenMP_CXX)
    target_compile_definitions(${target} PRIVATE CONVCORE_OPENMP)
  endif()
  find_package(Threads REQUIRED)
  target_link_libraries(${target} PUBLIC Threads::Threads)
  if(CONVCORE_SANITIZE)
    # Unrolled kernels are a great many loads: -O1 and checks as calls keep their compilation to seconds; null and alignment
    # checks of the same pointers add nothing to address's. AVX-512 files are AVX2's templates over another vector: left out, and
    # not optimized, which would take longer than all else.
    foreach(source ${ARGN})
      if(source MATCHES "_avx512\\.cpp$")
        set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS "-fno-sanitize=all;-O0;-w")
      else()
        set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS "-O1;-finline-small-functions")
      endif()
      if(source MATCHES "_avx2\\.cpp$" AND CONVCORE_SANITIZE MATCHES "address")
        set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS
          "--param=asan-instrumentation-with-call-threshold=0;-fno-sanitize=null,alignment,object-size")
      endif()
    endforeach()
    target_compile_options(${target} PUBLIC -fsanitize=${CONVCORE_SANITIZE} -fno-omit-frame-pointer -g
                           -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${CONVCORE_SANITIZE})
  endif()
endfunction()
