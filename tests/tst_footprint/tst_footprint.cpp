// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// What the library costs a program that links it, before it is used.

#include <tidepool/tidepool.h>

#include <QtCore/QThread>
#include <QtTest/QTest>

#include <link.h>

#include <atomic>
#include <memory>

using namespace Tidepool;

namespace {

/// One ELF object of this process: the program, or a shared library.
struct ElfObject
{
    const void *address; ///< Something in it.
    bool isFound = false;
    qsizetype threadLocalBytes = 0;
};

int look(dl_phdr_info *info, size_t, void *context)
{
    auto *object = static_cast<ElfObject *>(context);
    const auto address = reinterpret_cast<ElfW(Addr)>(object->address);
    bool isIt = false;
    qsizetype threadLocalBytes = 0;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const ElfW(Phdr) &segment = info->dlpi_phdr[i];
        const ElfW(Addr) start = info->dlpi_addr + segment.p_vaddr;
        if (segment.p_type == PT_LOAD && address >= start && address < start + segment.p_memsz)
            isIt = true;
        if (segment.p_type == PT_TLS)
            threadLocalBytes += static_cast<qsizetype>(segment.p_memsz);
    }
    if (isIt) {
        object->isFound = true;
        object->threadLocalBytes = threadLocalBytes;
    }
    return isIt ? 1 : 0;
}

} // namespace

class tst_Footprint : public QObject
{
    Q_OBJECT

private slots:
    void threadLocalDataIsSmall();
    void threadsWithSmallStacks();
};

// glibc takes thread-local data from the stack of every thread of the process.
void tst_Footprint::threadLocalDataIsSmall()
{
    // Links all of the static library that a program can use.
    const Relay relay(std::make_unique<QTcpSocket>(), std::make_unique<QTcpSocket>());
    const ClientPool client;
    const ServerPool server;
    ElfObject library{&Relay::staticMetaObject};
    dl_iterate_phdr(look, &library);
    QVERIFY(library.isFound);
    QVERIFY2(library.threadLocalBytes < 1024, qPrintable(QString::number(library.threadLocalBytes)));
}

void tst_Footprint::threadsWithSmallStacks()
{
    constexpr uint smallStack = 64 * 1024; // musl's and macOS's threads have 128 KiB and 512 KiB by default
    std::atomic<int> ran = 0;
    const std::unique_ptr<QThread> thread(QThread::create([&ran] { ++ran; }));
    thread->setStackSize(smallStack);
    thread->start();
    QVERIFY(thread->wait(10'000));
    QCOMPARE(ran, 1);
}

QTEST_GUILESS_MAIN(tst_Footprint)
#include "tst_footprint.moc"
