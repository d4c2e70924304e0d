// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "kernels/error.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <functional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <utility>

using namespace moe;
using moe::tests::errorOf;
namespace fs = std::filesystem;

namespace {

bool has(const std::string& line, const std::string& word)
{
    return line.find(word) != std::string::npos;
}

/// The offset of the first bad byte, −1 for valid text.
int64_t invalidAt(std::string_view text)
{
    const char* at = base::findInvalidUtf8(text);
    return at ? at - text.data() : -1;
}

} // namespace

class FilesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aFolderMadeForALockGoesWithItWhenEmpty()
    {
        const QTemporaryDir folder;
        const std::filesystem::path made = folder.filePath("made").toStdString();
        {
            const base::FolderLock lock(made, "held", "wait");
            QVERIFY_THROWS_EXCEPTION(Error, base::FolderLock(made, "held", "wait"));
            QVERIFY(std::filesystem::exists(made));
        }
        QVERIFY(!std::filesystem::exists(made));
        {
            const base::FolderLock lock(made, "held", "wait");
            base::writeFileAtomically(made / "kept", "bytes");
        }
        const base::FolderLock again(made, "held", "wait"); // free again
        QVERIFY(std::filesystem::exists(made / "kept"));
    }

    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_dir = m_folder->path().toStdString();
    }

    void whatIsWrittenReadsBack()
    {
        const std::string bytes("a\0b\xFF\n", 5);
        base::writeFileAtomically(m_dir / "f", bytes);
        QVERIFY(base::readFile(m_dir / "f") == bytes);
        base::writeFileAtomically(m_dir / "f", "");
        QCOMPARE(base::readFile(m_dir / "f"), std::string());
        QCOMPARE(std::distance(fs::directory_iterator(m_dir), {}), 1);
        base::flushToDisk(m_dir / "f");
        base::flushToDisk(m_dir);
    }

    void filesGrowPieceByPiece()
    {
        base::FileWriter writer(m_dir / "f");
        writer.write("ab", 2);
        writer.write("", 0);
        writer.write("cd", 2);
        writer.close();
        QCOMPARE(base::readFile(m_dir / "f"), std::string("abcd"));
        QVERIFY(has(errorOf([&] { base::readFile(m_dir / "f", 3); }), "too large"));
        QCOMPARE(base::readFile(m_dir / "f", 4).size(), 4U);
    }

    void whatCannotBeReadIsNamed()
    {
        fs::create_directory(m_dir / "folder");
        ::mkfifo((m_dir / "pipe").c_str(), 0600);
        for (const char* name : {"none", "folder", "pipe", "none/deeper"}) {
            QVERIFY(has(errorOf([&] { base::readFile(m_dir / name); }), name));
            QVERIFY(has(errorOf([&] { base::MappedFile file(m_dir / name); }), name));
        }
        QVERIFY(has(errorOf([&] { base::readFile(m_dir / "none"); }), "no such file"));
        QVERIFY(has(errorOf([&] { base::readFile(m_dir / "pipe"); }), "not a regular file"));
        QVERIFY(has(errorOf([&] { base::flushToDisk(m_dir / "none"); }), "none"));
    }

    void whatCannotBeWrittenIsNamed()
    {
        base::writeFileAtomically(m_dir / "f", "x");
        for (const char* name : {"f/g", "none/g"}) {
            QVERIFY(has(errorOf([&] { base::writeFileAtomically(m_dir / name, "y"); }),
                (m_dir / name).parent_path()));
            QVERIFY(!errorOf([&] { base::FileWriter writer(m_dir / name); }).empty());
        }
        fs::create_directory(m_dir / "folder");
        QVERIFY(has(errorOf([&] { base::writeFileAtomically(m_dir / "folder", "y"); }), "folder"));
        QVERIFY(!errorOf([&] { base::FileWriter writer(m_dir / "folder"); }).empty());
    }

    void linksAreFollowedAndPipesAreKept()
    {
        base::writeFileAtomically(m_dir / "f", "old");
        fs::create_symlink("f", m_dir / "link");
        base::writeFileAtomically(m_dir / "link", "new");
        QVERIFY(fs::is_symlink(m_dir / "link"));
        QCOMPARE(base::readFile(m_dir / "f"), std::string("new"));
        QCOMPARE(::mkfifo((m_dir / "pipe").c_str(), 0600), 0);
        QVERIFY(has(
            errorOf([&] { base::writeFileAtomically(m_dir / "pipe", "y"); }), "not a plain file"));
        QVERIFY(fs::is_fifo(m_dir / "pipe"));
    }

    void aFullDiskLeavesTheFileAsItWas()
    {
        base::writeFileAtomically(m_dir / "f", "old");
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit before{};
        getrlimit(RLIMIT_FSIZE, &before);
        rlimit limited = before;
        limited.rlim_cur = 1000;
        setrlimit(RLIMIT_FSIZE, &limited);
        const std::string line
            = errorOf([&] { base::writeFileAtomically(m_dir / "f", std::string(5000, 'x')); });
        setrlimit(RLIMIT_FSIZE, &before);
        QVERIFY2(has(line, "grow past the limit"), line.c_str());
        QCOMPARE(base::readFile(m_dir / "f"), std::string("old"));
        QCOMPARE(std::distance(fs::directory_iterator(m_dir), {}), 1);
        if (fs::exists("/dev/full")) {
            base::FileWriter writer("/dev/full");
            QVERIFY(has(errorOf([&] { writer.write("x", 1); }), "disk is full"));
        }
    }

    void mapsMove()
    {
        base::writeFileAtomically(m_dir / "f", "12345678");
        base::writeFileAtomically(m_dir / "empty", "");
        base::MappedFile file(m_dir / "f");
        QCOMPARE(file.bytes().size(), 8U);
        QCOMPARE(base::readUnaligned<uint16_t>(file.bytes().data() + 1), 0x3332);
        base::MappedFile empty(m_dir / "empty");
        QVERIFY(empty.bytes().empty());
        std::swap(file, empty);
        QCOMPARE(empty.bytes().size(), 8U);
        const base::MappedFile moved(std::move(empty));
        QVERIFY(moved.bytes()[7] == std::byte{'8'});
        QCOMPARE(moved.path().filename().string(), std::string("f"));
    }

    void validUtf8_data()
    {
        QTest::addColumn<QByteArray>("text");
        for (const char* text : {"", "plain", "é", "中文", "😀", "\u07FF\u0800\uD7FF\uE000\uFFFF",
                 "\xF4\x8F\xBF\xBF", "\xC2\x80"})
            QTest::newRow(text) << QByteArray(text);
        QTest::newRow("NUL") << QByteArray("a\0b", 3);
    }
    void validUtf8()
    {
        QFETCH(QByteArray, text);
        QCOMPARE(invalidAt(text.toStdString()), -1);
    }

    void invalidUtf8_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<int>("at");
        const auto row = [](const char* name, const char* bytes, int at) {
            QTest::newRow(name) << QByteArray(bytes) << at;
        };
        row("lone continuation", "ab\x80", 2);
        row("cut off at the end", "ab\xE4\xB8", 2);
        row("cut off within", "\xE4\xB8z", 0);
        row("overlong two", "\xC0\xAF", 0);
        row("overlong three", "x\xE0\x80\xAF", 1);
        row("overlong four", "\xF0\x80\x80\xAF", 0);
        row("surrogate", "é\xED\xA0\x80", 2);
        row("above U+10FFFF", "\xF4\x90\x80\x80", 0);
        row("no lead byte", "\xFF", 0);
        row("F5", "\xF5\x80\x80\x80", 0);
    }
    void invalidUtf8()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(int, at);
        QCOMPARE(invalidAt(std::string_view(bytes.data(), static_cast<size_t>(bytes.size()))), at);
    }

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path m_dir;
};

QTEST_GUILESS_MAIN(FilesTest)
#include "files_test.moc"
