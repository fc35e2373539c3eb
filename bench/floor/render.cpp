// SPDX-License-Identifier: Apache-2.0
#include "render.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace tailrace::bench {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Two hexadecimal digits for each byte value.
constexpr std::array<std::array<char, 2>, 256> kHexPairs = [] {
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t i = 0; i < 256; ++i) pairs[i] = {kHex[i >> 4], kHex[i & 15]};
  return pairs;
}();

char* WriteHex(char* out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) {
    std::memcpy(out, kHexPairs[(value >> (8 * i)) & 0xff].data(), 2);
    out += 2;
  }
  return out;
}

// True if any of the eight bytes needs an escape in JSON: below 0x20, a quote or a backslash.
bool NeedsEscape(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  constexpr std::uint64_t kHigh = 0x8080808080808080ULL;
  const auto has_zero = [](std::uint64_t w) { return (w - kOnes) & ~w & kHigh; };
  const std::uint64_t control = (word - kOnes * 0x20) & ~word & kHigh;
  return (control | has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\'))) != 0;
}

char* WriteEscape(char* out, unsigned char c) {
  if (c >= 0x20 && c != '"' && c != '\\') {
    *out++ = static_cast<char>(c);
    return out;
  }
  *out++ = '\\';
  switch (c) {
    case '\n':
      *out++ = 'n';
      break;
    case '\t':
      *out++ = 't';
      break;
    case '\r':
      *out++ = 'r';
      break;
    case '"':
    case '\\':
      *out++ = static_cast<char>(c);
      break;
    default:
      std::memcpy(out, "u00", 3);
      out = WriteHex(out + 3, c, 1);
  }
  return out;
}

constexpr int kIdBytes = 4 + 8 + 6;  // device, inode, offset

}  // namespace

BulkBody::BulkBody(std::string index, std::string metadata)
    : action_("{\"create\":{\"_index\":\"" + std::move(index) + "\",\"_id\":\""),
      metadata_(std::move(metadata)) {}

void BulkBody::Reserve(std::size_t more) {
  if (size_ + more > bytes_.size()) bytes_.resize((size_ + more) * 2);
}

void BulkBody::Append(std::string_view text) {
  std::memcpy(bytes_.data() + size_, text.data(), text.size());
  size_ += text.size();
}

void BulkBody::Action(const FileIdentity& file, std::uint64_t offset) {
  Append(action_);
  char* out = bytes_.data() + size_;
  out = WriteHex(out, file.device, 4);
  out = WriteHex(out, file.inode, 8);
  WriteHex(out, offset, 6);
  size_ += 2 * kIdBytes;
  Append("\"}}\n");
}

void BulkBody::Tail(const CriMessage& message) {
  Append("\"@timestamp\":\"");
  Append(message.time);
  Append("\",\"stream\":\"");
  Append(message.stream);
  Append("\"");
  if (!metadata_.empty()) {
    Append(",");
    Append(metadata_);
  }
  Append("}\n");
  ++documents_;
}

void BulkBody::AddObject(const FileIdentity& file, const CriMessage& message) {
  Reserve(action_.size() + 2 * kIdBytes + message.text.size() + message.time.size() +
          metadata_.size() + 128);
  Action(file, message.offset);
  std::size_t end = message.text.rfind('}');  // validated: only white space can follow
  std::string_view members = message.text.substr(0, end);
  while (!members.empty() && static_cast<unsigned char>(members.back()) <= ' ') {
    members.remove_suffix(1);
  }
  Append(members);
  if (members.back() != '{') Append(",");
  Tail(message);
}

void BulkBody::AddText(const FileIdentity& file, const CriMessage& message) {
  Reserve(action_.size() + 2 * kIdBytes + 6 * message.text.size() + message.time.size() +
          metadata_.size() + 128);
  Action(file, message.offset);
  ++text_documents_;
  Append("{\"message\":\"");
  AppendEscaped(message.text);
  Append("\",");
  Tail(message);
}

void BulkBody::AddRecord(const FileIdentity& file, std::uint64_t offset,
                         std::span<const Field> fields, std::string_view time) {
  std::size_t size = action_.size() + 2 * kIdBytes + time.size() + 128;
  for (const Field& field : fields) size += field.name.size() + 6 * field.value.size() + 8;
  Reserve(size);
  Action(file, offset);
  Append("{");
  for (const Field& field : fields) {
    Append("\"");
    Append(field.name);
    Append("\":\"");
    AppendEscaped(field.value);
    Append("\",");
  }
  Append("\"@timestamp\":\"");
  Append(time);
  Append("\"}\n");
  ++documents_;
}

void BulkBody::AppendEscaped(std::string_view text) {
  char* out = bytes_.data() + size_;
  const char* in = text.data();
  const char* const end = in + text.size();
  while (end - in >= 8) {
    std::uint64_t word;
    std::memcpy(&word, in, 8);
    if (NeedsEscape(word)) {
      for (int i = 0; i < 8; ++i) out = WriteEscape(out, static_cast<unsigned char>(in[i]));
    } else {
      std::memcpy(out, &word, 8);
      out += 8;
    }
    in += 8;
  }
  while (in < end) out = WriteEscape(out, static_cast<unsigned char>(*in++));
  size_ = static_cast<std::size_t>(out - bytes_.data());
}

}  // namespace tailrace::bench
