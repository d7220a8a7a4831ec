// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "groups.h"

#include "opensslerror.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>

namespace Tidepool {

namespace {

struct Search
{
    QByteArray name;
    bool isFound = false;
};

// A group has two names, such as "P-256" and "prime256v1". The handshake accepts both.
int compare(const OSSL_PARAM parameters[], void *search)
{
    auto *wanted = static_cast<Search *>(search);
    for (const char *key : {OSSL_CAPABILITY_TLS_GROUP_NAME, OSSL_CAPABILITY_TLS_GROUP_NAME_INTERNAL}) {
        const char *name = nullptr;
        const OSSL_PARAM *parameter = OSSL_PARAM_locate_const(parameters, key);
        if (parameter && OSSL_PARAM_get_utf8_string_ptr(parameter, &name) == 1 && wanted->name == name)
            wanted->isFound = true;
    }
    return 1;
}

int searchIn(OSSL_PROVIDER *provider, void *search)
{
    (void)OSSL_PROVIDER_get_capabilities(provider, "TLS-GROUP", compare, search);
    return 1;
}

} // namespace

bool isTlsGroup(const QString &name)
{
    const OpenSslErrorQueueGuard guard;
    Search search{name.toLatin1()};
    (void)OSSL_PROVIDER_do_all(nullptr, searchIn, &search);
    return search.isFound;
}

} // namespace Tidepool
