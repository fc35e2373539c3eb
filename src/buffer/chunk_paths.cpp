// SPDX-License-Identifier: Apache-2.0
#include "buffer/chunk_paths.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

namespace tailrace::buffer {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// 32 digits; before 1.0 ids had 16, which fill the first half.
bool ParseId(std::string_view hex, ChunkId* id) {
  if (hex.size() != 2 * id->size() && hex.size() != id->size()) return false;
  for (size_t i = 0; i < hex.size() / 2; ++i) {
    const int high = DigitOf(hex[2 * i]);
    const int low = DigitOf(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    (*id)[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

bool Unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

}  // namespace

std::string HexOf(const ChunkId& id) {
  std::string hex;
  for (const uint8_t byte : id) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string EncodeKey(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (Unreserved(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<uint8_t>(c);
    encoded += '%';
    encoded += static_cast<char>(std::toupper(kDigits[byte >> 4]));
    encoded += static_cast<char>(std::toupper(kDigits[byte & 15]));
  }
  return encoded;
}

std::string DecodeKey(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? DigitOf(text[i + 1]) : -1;
    const int low = high >= 0 ? DigitOf(text[i + 2]) : -1;
    if (low < 0) {
      decoded += text[i];
    } else {
      decoded += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return decoded;
}

Result<ChunkPaths> ChunkPaths::Create(std::string_view path, std::string_view suffix, bool single) {
  if (std::count(path.begin(), path.end(), '*') > 1) {
    return Fail("a buffer path may have one * only: " + std::string(path));
  }
  ChunkPaths paths;
  paths.single_ = single;
  paths.suffix_ = suffix;
  std::error_code ignored;
  const std::filesystem::path whole{std::string(path)};
  const auto status = std::filesystem::status(whole, ignored);
  const bool exists = std::filesystem::exists(status);
  if (std::filesystem::is_directory(status) ||
      (!exists && path.find(".*") == std::string_view::npos)) {
    paths.directory_ = path;
    while (paths.directory_.size() > 1 && paths.directory_.back() == '/') {
      paths.directory_.pop_back();
    }
    paths.prefix_ = single ? "fsb." : "buffer.";
    return paths;
  }
  paths.directory_ = whole.parent_path().string();
  if (paths.directory_.empty()) paths.directory_ = ".";
  const std::string name = whole.filename().string();
  const size_t star = name.find(".*");
  if (star == std::string::npos) {
    paths.prefix_ = name + ".";
  } else {
    paths.prefix_ = name.substr(0, star + 1);
    if (star + 2 < name.size()) paths.suffix_ = name.substr(star + 2);
  }
  return paths;
}

std::string ChunkPaths::FileName(const ChunkKey& key, const ChunkId& id, bool queued) const {
  std::string name = prefix_;
  if (single_) {
    const std::string& text =
        key.has_tag || key.variables.empty() ? key.tag : key.variables.front().second;
    // The limit on names is 255 bytes; the metadata within the file has the whole key.
    name += EncodeKey(text).substr(0, 160) + ".";
  }
  name += queued ? 'q' : 'b';
  return name + HexOf(id) + suffix_;
}

std::optional<ChunkPaths::Name> ChunkPaths::Parse(std::string_view file_name) const {
  if (!file_name.starts_with(prefix_) || !file_name.ends_with(suffix_) ||
      file_name.size() < prefix_.size() + 1 + suffix_.size()) {
    return std::nullopt;
  }
  std::string_view middle = file_name.substr(prefix_.size());
  middle.remove_suffix(suffix_.size());
  Name name;
  const size_t dot = middle.rfind('.');
  if (dot != std::string_view::npos) {
    name.key = DecodeKey(middle.substr(0, dot));
    middle.remove_prefix(dot + 1);
  } else if (single_) {
    return std::nullopt;
  }
  if (middle.empty() || (middle[0] != 'b' && middle[0] != 'q')) return std::nullopt;
  name.queued = middle[0] == 'q';
  if (!ParseId(middle.substr(1), &name.id)) return std::nullopt;
  return name;
}

}  // namespace tailrace::buffer
