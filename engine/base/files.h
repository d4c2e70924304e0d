// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace moe::base {

/// The whole file. Throws moe::Error when it cannot be read, or holds more than `limit` bytes.
std::string readFile(const std::filesystem::path& path, int64_t limit = INT64_C(1) << 31);

/// Makes the folder in which `file` is to stand. Throws.
void makeFolderOf(const std::filesystem::path& file);

/// Writes beside, flushes to the disk, renames: the file is whole or as it was. Links are followed.
/// Throws (disk full, a folder, device or pipe in that place, …).
void writeFileAtomically(const std::filesystem::path& path, std::string_view bytes);

/// Runs `write`, which fills `hidden` before it is renamed to `shown`: its errors name places in
/// `shown`, which users know.
void showingPlace(const std::filesystem::path& hidden, const std::filesystem::path& shown,
    const std::function<void()>& write);

/// fsync of a file or folder. Throws.
void flushToDisk(const std::filesystem::path& path);

/// Held by one process at a time: a lock file in the folder (made when missing), freed with the
/// object or the process. A folder made for it goes with the object if nothing came into it.
class FolderLock {
public:
    /// Throws when another process holds it; `what` says of what: "another run trains into this
    /// folder".
    FolderLock(
        const std::filesystem::path& folder, const std::string& what, const std::string& remedy);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

private:
    std::filesystem::path m_folder;
    bool m_made = false;
    int m_file = -1;
};

/// Held by one writer at a time while it makes something at a place: a hidden lock file beside it,
/// removed with the object.
class PlaceLock {
public:
    /// Throws when another one holds it, with the words of `what` and `remedy`.
    PlaceLock(
        const std::filesystem::path& place, const std::string& what, const std::string& remedy);
    ~PlaceLock();
    PlaceLock(const PlaceLock&) = delete;
    PlaceLock& operator=(const PlaceLock&) = delete;

private:
    std::filesystem::path m_path;
    int m_file = -1;
};

/// A file written in pieces; close() flushes it to the disk. The destructor leaves what is there.
class FileWriter {
public:
    /// `shownAs`: the place that errors name, for a file that is renamed to it when it is whole;
    /// empty: `path` itself.
    explicit FileWriter(const std::filesystem::path& path, std::filesystem::path shownAs = {});
    ~FileWriter();
    FileWriter(const FileWriter&) = delete;
    FileWriter& operator=(const FileWriter&) = delete;
    void write(const void* data, size_t bytes); ///< throws, naming the path and the system's reason
    void close();

private:
    std::filesystem::path m_shown;
    int m_file = -1;
};

/// A file seen through a read-only memory map (empty files: an empty span).
class MappedFile {
public:
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    std::span<const std::byte> bytes() const { return {m_data, m_size}; }
    const std::filesystem::path& path() const { return m_path; }
    /// Throws when somebody has written into the file since (another one in its place changes
    /// nothing): reading behind the end of one that was cut would end the program. Any thread.
    void checkUnchanged() const;

private:
    std::filesystem::path m_path;
    int m_file = -1;
    int64_t m_modified = 0; ///< nanoseconds, when it was mapped
    const std::byte* m_data = nullptr;
    size_t m_size = 0;
};

/// A file read piece by piece. Const after construction: any thread.
class RandomAccessFile {
public:
    explicit RandomAccessFile(const std::filesystem::path& path);
    ~RandomAccessFile();
    RandomAccessFile(const RandomAccessFile&) = delete;
    RandomAccessFile& operator=(const RandomAccessFile&) = delete;
    int64_t size() const { return m_size; } ///< when it was opened
    /// Fills `to`. Throws, naming the offset, when the file ends before.
    void read(int64_t offset, std::span<std::byte> to) const;
    const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
    int m_file = -1;
    int64_t m_size = 0;
};

/// Little-endian integers and floats from anywhere in memory, aligned or not.
template <typename T> T readUnaligned(const std::byte* from)
{
    T value;
    __builtin_memcpy(&value, from, sizeof(T));
    return value;
}

/// Null when `text` is valid UTF-8, else a pointer to the first bad byte.
const char* findInvalidUtf8(std::string_view text);

} // namespace moe::base
