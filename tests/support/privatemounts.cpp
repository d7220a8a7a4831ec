// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/privatemounts.h"

#include <QtCore/QFile>

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace TestSupport {

bool enterPrivateMounts()
{
    const int user = geteuid() == 0 ? 0 : CLONE_NEWUSER; // who is not root may do so in a name space of users
    return unshare(CLONE_NEWNS | user) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

bool cover(const QString &path, const QString &with)
{
    return mount(QFile::encodeName(with).constData(), QFile::encodeName(path).constData(), nullptr, MS_BIND, nullptr)
        == 0;
}

} // namespace TestSupport
