// SPDX-License-Identifier: Apache-2.0
#pragma once
// How a file is told from another one that has its name or its inode: by its first bytes, as many
// as there are up to kHeadBytes, and by the bytes before a position. And the identity that its
// events carry.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tailrace::tail {

inline constexpr size_t kHeadBytes = 1024;
inline constexpr size_t kTailBytes = 256;

// `size` bytes and their XXH3 hash. Two files match if the first `size` bytes of both give `hash`;
// a fingerprint of no bytes matches anything and proves nothing.
struct Fingerprint {
  uint32_t size = 0;
  uint64_t hash = 0;

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

Fingerprint FingerprintOf(std::string_view bytes);
// Of the beginning of a file. Empty as long as the first line is not complete: half a line tells
// nothing apart, and has not been read either.
Fingerprint HeadOf(std::string_view bytes);
// True if `bytes`, the beginning of some file, begins with what `print` was taken from.
bool Matches(const Fingerprint& print, std::string_view bytes);

// 96 bits of XXH3-128 over node, inode, first line and generation, as 16 characters of base64url.
// The same file gives the same identity wherever and whenever it is computed.
std::string IdentityOf(std::string_view node, uint64_t inode, std::string_view first_line,
                       uint64_t generation);

}  // namespace tailrace::tail
