// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"

#include "kernels/error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace moe::base {

namespace {

/// The system's reason in our words.
[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path, int code)
{
    std::string remedy;
    switch (code) {
    case ENOENT:
        remedy = "no such file or folder, check the path";
        break;
    case EACCES:
    case EPERM:
    case EROFS:
        remedy = "no permission, choose a place you may use";
        break;
    case ENOSPC:
    case EDQUOT:
        remedy = "the disk is full, free some space";
        break;
    case EISDIR:
        remedy = "it is a folder, name a file";
        break;
    case ENOTDIR:
        remedy = "a part of the path is not a folder";
        break;
    case EFBIG:
        remedy = "the file would grow past the limit set for this process";
        break;
    default:
        remedy = std::string("the system says: ") + std::strerror(code);
    }
    throw Error(what, path.string(), remedy);
}

class Descriptor {
public:
    Descriptor(const std::filesystem::path& path, int flags, const char* what,
        const std::filesystem::path& shownAs = {})
        : m_file(::open(path.c_str(), flags | O_CLOEXEC, 0644))
    {
        if (m_file < 0)
            fail(what, shownAs.empty() ? path : shownAs, errno);
    }
    ~Descriptor()
    {
        if (m_file >= 0)
            ::close(m_file);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return m_file; }
    int release() { return std::exchange(m_file, -1); }

private:
    int m_file;
};

struct stat statusOf(int file, const std::filesystem::path& path)
{
    struct stat status { };
    if (::fstat(file, &status) != 0)
        fail("cannot read", path, errno);
    return status;
}

int64_t sizeOfRegularFile(int file, const std::filesystem::path& path)
{
    const struct stat status = statusOf(file, path);
    if (S_ISDIR(status.st_mode))
        fail("cannot read", path, EISDIR);
    if (!S_ISREG(status.st_mode))
        throw Error("cannot read", path.string(), "not a regular file");
    return status.st_size;
}

int64_t modifiedAt(const struct stat& status)
{
    return int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

} // namespace

std::string readFile(const std::filesystem::path& path, int64_t limit)
{
    const Descriptor file(path, O_RDONLY | O_NONBLOCK, "cannot read");
    const int64_t size = sizeOfRegularFile(file.get(), path);
    if (size > limit)
        throw Error(
            "file is too large", path.string(), "at most " + std::to_string(limit) + " bytes here");
    std::string text(static_cast<size_t>(size), '\0');
    size_t done = 0;
    while (done < text.size()) {
        const ssize_t got = ::read(file.get(), text.data() + done, text.size() - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fail("cannot read", path, errno);
        if (got == 0)
            break;
        done += static_cast<size_t>(got);
    }
    text.resize(done);
    return text;
}

void flushToDisk(const std::filesystem::path& path)
{
    const Descriptor file(path, O_RDONLY, "cannot flush");
    if (::fsync(file.get()) != 0)
        fail("cannot flush", path, errno);
}

void makeFolderOf(const std::filesystem::path& file)
{
    std::error_code failed;
    if (file.has_parent_path())
        std::filesystem::create_directories(file.parent_path(), failed);
    if (failed)
        fail("cannot create the folder", file.parent_path(), failed.value());
}

void writeFileAtomically(const std::filesystem::path& shown, std::string_view bytes)
{
    // A link stays, and what it names is replaced; a device or a pipe never is.
    std::error_code unknown;
    const std::filesystem::path followed = std::filesystem::weakly_canonical(shown, unknown);
    const std::filesystem::path& path = unknown ? shown : followed;
    const auto status = std::filesystem::status(path, unknown);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        throw Error("not a plain file", shown.string(), "write to a new file");
    const std::filesystem::path beside = path.parent_path()
        / ("." + path.filename().string() + "." + std::to_string(::getpid()) + ".partial");
    try {
        FileWriter writer(beside, shown);
        writer.write(bytes.data(), bytes.size());
        writer.close();
        if (::rename(beside.c_str(), path.c_str()) != 0)
            fail("cannot write", shown, errno);
    } catch (...) {
        ::unlink(beside.c_str());
        throw;
    }
    flushToDisk(path.has_parent_path() ? path.parent_path() : ".");
}

void showingPlace(const std::filesystem::path& hidden, const std::filesystem::path& shown,
    const std::function<void()>& write)
{
    try {
        write();
    } catch (const Cancelled&) {
        throw;
    } catch (const Error& error) {
        std::string place = error.place();
        const size_t at = place.find(hidden.string());
        if (at == std::string::npos)
            throw;
        place.replace(at, hidden.string().size(), shown.string());
        throw Error(error.problem(), place, error.remedy());
    }
}

namespace {

/// The file at `path`, made and locked. Whoever held it may have removed it just before: such a
/// lock would hold nothing, so another is tried.
int lockedFile(const std::filesystem::path& path, const std::filesystem::path& shown,
    const std::string& what, const std::string& remedy)
{
    while (true) {
        Descriptor file(path, O_RDWR | O_CREAT, "cannot write", shown);
        if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
            throw Error(what, shown.string(), remedy);
        struct stat held {
        }, there{};
        if (::fstat(file.get(), &held) == 0 && ::stat(path.c_str(), &there) == 0
            && held.st_ino == there.st_ino && held.st_dev == there.st_dev)
            return file.release();
    }
}

} // namespace

FolderLock::FolderLock(
    const std::filesystem::path& folder, const std::string& what, const std::string& remedy)
    : m_folder(folder)
{
    std::error_code failed;
    m_made = std::filesystem::create_directories(folder, failed);
    if (failed)
        fail("cannot make the folder", folder, failed.value());
    m_file = lockedFile(folder / ".lock", folder, what, remedy);
}

FolderLock::~FolderLock()
{
    std::error_code failed;
    const auto inside = std::filesystem::directory_iterator(m_folder, failed);
    if (m_made && !failed && std::distance(begin(inside), end(inside)) == 1) {
        ::unlink((m_folder / ".lock").c_str());
        ::rmdir(m_folder.c_str());
    }
    ::close(m_file);
}

PlaceLock::PlaceLock(
    const std::filesystem::path& place, const std::string& what, const std::string& remedy)
    : m_path(place.parent_path() / ("." + place.filename().string() + ".lock"))
    , m_file(lockedFile(m_path, place, what, remedy))
{
}

PlaceLock::~PlaceLock()
{
    ::unlink(m_path.c_str());
    ::close(m_file);
}

FileWriter::FileWriter(const std::filesystem::path& path, std::filesystem::path shownAs)
    : m_shown(std::move(shownAs))
    , m_file(Descriptor(path, O_WRONLY | O_CREAT | O_TRUNC, "cannot write", m_shown).release())
{
    if (m_shown.empty())
        m_shown = path;
}

FileWriter::~FileWriter()
{
    if (m_file >= 0)
        ::close(m_file);
}

void FileWriter::write(const void* data, size_t bytes)
{
    const char* from = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t written = ::write(m_file, from, bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            fail("cannot write", m_shown, errno);
        from += written;
        bytes -= static_cast<size_t>(written);
    }
}

void FileWriter::close()
{
    if (::fsync(m_file) != 0)
        fail("cannot write", m_shown, errno);
    const int file = std::exchange(m_file, -1);
    if (::close(file) != 0)
        fail("cannot write", m_shown, errno);
}

MappedFile::MappedFile(const std::filesystem::path& path)
    : m_path(path)
{
    Descriptor file(path, O_RDONLY | O_NONBLOCK, "cannot read");
    m_size = static_cast<size_t>(sizeOfRegularFile(file.get(), path));
    m_modified = modifiedAt(statusOf(file.get(), path));
    if (m_size > 0) {
        void* memory = ::mmap(nullptr, m_size, PROT_READ, MAP_PRIVATE, file.get(), 0);
        if (memory == MAP_FAILED)
            fail("cannot map", path, errno);
        m_data = static_cast<const std::byte*>(memory);
    }
    m_file = file.release();
}

void MappedFile::checkUnchanged() const
{
    const struct stat status = statusOf(m_file, m_path);
    if (static_cast<size_t>(status.st_size) != m_size || modifiedAt(status) != m_modified)
        throw Error("the file has changed since it was opened", m_path.string(), "open it again");
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : m_path(std::move(other.m_path))
    , m_file(std::exchange(other.m_file, -1))
    , m_modified(other.m_modified)
    , m_data(std::exchange(other.m_data, nullptr))
    , m_size(std::exchange(other.m_size, 0))
{
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept
{
    std::swap(m_path, other.m_path);
    std::swap(m_file, other.m_file);
    std::swap(m_modified, other.m_modified);
    std::swap(m_data, other.m_data);
    std::swap(m_size, other.m_size);
    return *this;
}

MappedFile::~MappedFile()
{
    if (m_data)
        ::munmap(const_cast<std::byte*>(m_data), m_size);
    if (m_file >= 0)
        ::close(m_file);
}

RandomAccessFile::RandomAccessFile(const std::filesystem::path& path)
    : m_path(path)
{
    Descriptor file(path, O_RDONLY | O_NONBLOCK, "cannot read");
    m_size = sizeOfRegularFile(file.get(), path);
    m_file = file.release();
}

RandomAccessFile::~RandomAccessFile()
{
    ::close(m_file);
}

void RandomAccessFile::read(int64_t offset, std::span<std::byte> to) const
{
    while (!to.empty()) {
        const ssize_t got = ::pread(m_file, to.data(), to.size(), offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fail("cannot read", m_path, errno);
        if (got == 0)
            throw Error("the file ends at byte " + std::to_string(offset) + ", within what is read",
                m_path.string(),
                "it held " + std::to_string(m_size)
                    + " bytes when it was opened, put it back as it was");
        offset += got;
        to = to.subspan(static_cast<size_t>(got));
    }
}

const char* findInvalidUtf8(std::string_view text)
{
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    const auto* end = at + text.size();
    while (at < end) {
        if (*at < 0x80) {
            ++at;
            continue;
        }
        const int length = *at >= 0xF0 ? 4 : *at >= 0xE0 ? 3 : *at >= 0xC2 ? 2 : 0;
        if (length == 0 || *at > 0xF4 || end - at < length)
            return reinterpret_cast<const char*>(at);
        // Overlong forms, surrogates and values above U+10FFFF show in the second byte.
        const unsigned char low = *at == 0xE0 ? 0xA0 : *at == 0xF0 ? 0x90 : 0x80;
        const unsigned char high = *at == 0xED ? 0x9F : *at == 0xF4 ? 0x8F : 0xBF;
        if (at[1] < low || at[1] > high)
            return reinterpret_cast<const char*>(at);
        for (int i = 2; i < length; ++i) {
            if ((at[i] & 0xC0) != 0x80)
                return reinterpret_cast<const char*>(at);
        }
        at += length;
    }
    return nullptr;
}

} // namespace moe::base
