// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Only in builds with a sanitizer. The web server in prometheus-cpp, civetweb, asks for thread stacks of 100 KiB
// (USE_STACK_SIZE). A sanitizer's thread-local data and frames need more than that, so such threads get more.

#include <dlfcn.h>
#include <pthread.h>

#include <algorithm>
#include <cstddef>

extern "C" int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
{
    using Function = int (*)(pthread_attr_t *, size_t);
    static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "pthread_attr_setstacksize"));
    constexpr size_t enough = 1024 * 1024;
    return real(attributes, std::max(size, enough));
}
