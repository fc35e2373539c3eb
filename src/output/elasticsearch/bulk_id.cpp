// SPDX-License-Identifier: Apache-2.0
#include "output/elasticsearch/bulk_id.h"

#include <charconv>

namespace tailrace::elasticsearch {

void AppendDocumentId(std::string_view identity, uint64_t offset, uint16_t sub, ByteBuffer& out) {
  static constexpr char kAlphabet[] =
      "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
  constexpr int kDigits = 8;
  constexpr size_t kSubMax = 8;
  char* to = out.Room(identity.size() + kDigits + kSubMax);
  std::memcpy(to, identity.data(), identity.size());
  char* end = to + identity.size();
  for (int i = kDigits - 1; i >= 0; --i) *end++ = kAlphabet[(offset >> (6 * i)) & 63];
  if (sub > 0) {
    *end++ = '.';
    end = std::to_chars(end, end + kSubMax - 1, sub).ptr;
  }
  out.Commit(static_cast<size_t>(end - to));
}

}  // namespace tailrace::elasticsearch
