// SPDX-License-Identifier: Apache-2.0
#include "input/tail/fingerprint.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

namespace tailrace::tail {
namespace {

void AppendNumber(std::string& text, uint64_t number) {
  for (int i = 0; i < 8; ++i) text += static_cast<char>(number >> (8 * i));
}

}  // namespace

Fingerprint FingerprintOf(std::string_view bytes) {
  return {static_cast<uint32_t>(bytes.size()), XXH3_64bits(bytes.data(), bytes.size())};
}

Fingerprint HeadOf(std::string_view bytes) {
  bytes = bytes.substr(0, kHeadBytes);
  const bool complete = bytes.size() == kHeadBytes || bytes.find('\n') != std::string_view::npos;
  return complete ? FingerprintOf(bytes) : Fingerprint{};
}

bool Matches(const Fingerprint& print, std::string_view bytes) {
  if (print.size == 0) return true;
  return bytes.size() >= print.size && FingerprintOf(bytes.substr(0, print.size)) == print;
}

std::string IdentityOf(std::string_view node, uint64_t inode, std::string_view first_line,
                       uint64_t generation) {
  std::string text;
  AppendNumber(text, node.size());
  text += node;
  AppendNumber(text, inode);
  AppendNumber(text, generation);
  text += first_line;
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);

  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string identity;
  for (size_t i = 0; i < 12; i += 3) {
    const uint32_t group = static_cast<uint32_t>(bytes.digest[i]) << 16 |
                           static_cast<uint32_t>(bytes.digest[i + 1]) << 8 | bytes.digest[i + 2];
    for (int shift = 18; shift >= 0; shift -= 6) identity += kAlphabet[group >> shift & 63];
  }
  return identity;
}

}  // namespace tailrace::tail
