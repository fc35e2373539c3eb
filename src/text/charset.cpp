// SPDX-License-Identifier: Apache-2.0
#include "text/charset.h"

#include <iconv.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "text/strptime_words.h"
#include "text/utf8.h"

namespace tailrace::text {
namespace {

struct IconvClose {
  using pointer = iconv_t;
  void operator()(iconv_t handle) const { iconv_close(handle); }
};
// iconv_open answers (iconv_t)-1 for an error, never null for a success.
using IconvHandle = std::unique_ptr<void, IconvClose>;

IconvHandle OpenIconv(const std::string& to, const std::string& from) {
  const iconv_t handle = iconv_open(to.c_str(), from.c_str());
  if (handle == reinterpret_cast<iconv_t>(-1)) return nullptr;  // NOLINT
  return IconvHandle(handle);
}

std::string Upper(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

// Ruby's names where iconv knows the encoding by another one.
std::string IconvName(std::string_view ruby_name) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"WINDOWS-31J", "CP932"},    {"CSWINDOWS31J", "CP932"}, {"PCK", "CP932"},
      {"SJIS", "CP932"},           {"EUCJP-MS", "EUC-JP-MS"}, {"EUC-JP-MS", "EUC-JP-MS"},
      {"CP51932", "EUC-JP-MS"},    {"EUCJP", "EUC-JP"},       {"EUCKR", "EUC-KR"},
      {"EUCTW", "EUC-TW"},         {"EUCCN", "GB2312"},       {"US-ASCII", "ASCII"},
      {"ANSI_X3.4-1968", "ASCII"}, {"646", "ASCII"},          {"UTF8-MAC", "UTF-8"},
      {"UTF-8-MAC", "UTF-8"},      {"UTF-8-HFS", "UTF-8"},    {"CP65001", "UTF-8"},
      {"BIG5-UAO", "BIG5-HKSCS"},  {"MACJAPANESE", "CP932"},  {"MACCROATIAN", "MACCROATIAN"},
      {"CP949", "CP949"},          {"MACROMAN", "MACINTOSH"}, {"UCS-2BE", "UTF-16BE"},
      {"UCS-4LE", "UTF-32LE"},     {"UCS-4BE", "UTF-32BE"}};
  const std::string name = Upper(ruby_name);
  for (const auto& [ruby, iconv_name] : kNames) {
    if (ruby == name) return std::string(iconv_name);
  }
  return name;
}

bool IsBinary(std::string_view name) { return name == "ASCII-8BIT" || name == "BINARY"; }

bool IsUnicode(std::string_view name) { return name.starts_with("UTF") || name.starts_with("UCS"); }

// Bytes of the unit that is skipped where nothing can be read.
size_t UnitBytes(std::string_view name) {
  if (name.starts_with("UTF-16")) return 2;
  if (name.starts_with("UTF-32")) return 4;
  return 1;
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

size_t AppendScrubbed(std::string_view text, std::string_view replacement, std::string& out) {
  if (IsValidUtf8(text)) {
    out.append(text);
    return 0;
  }
  size_t replaced = 0;
  size_t copied = 0;
  for (size_t at = 0; at < text.size();) {
    const Utf8Character character = ReadUtf8(text, at);
    if (!character.valid) {
      out.append(text, copied, at - copied);
      out.append(replacement);
      copied = at + character.size;
      ++replaced;
    }
    at += character.size;
  }
  out.append(text, copied);
  return replaced;
}

struct CharsetConverter::Impl {
  IconvHandle to_target;
  IconvHandle to_unicode;   // from the source, to find out how long an unmappable character is
  std::string replacement;  // in the target encoding
  size_t unit = 1;
  bool identity = false;  // both are UTF-8, or one is binary

  // Length of the character at the front of `text`; it is valid in the source encoding.
  size_t CharacterBytes(std::string_view text) const {
    if (to_unicode == nullptr) return unit;
    iconv(to_unicode.get(), nullptr, nullptr, nullptr, nullptr);
    for (size_t size = unit; size <= std::min<size_t>(text.size(), 8); size += unit) {
      std::array<char, 64> sink;
      char* in = const_cast<char*>(text.data());  // NOLINT: iconv does not write there
      size_t in_left = size;
      char* out = sink.data();
      size_t out_left = sink.size();
      const size_t status = iconv(to_unicode.get(), &in, &in_left, &out, &out_left);
      if (status != static_cast<size_t>(-1) && in_left == 0) return size;
      if (errno == EILSEQ) return unit;
    }
    return unit;
  }
};

CharsetConverter::CharsetConverter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CharsetConverter::CharsetConverter(CharsetConverter&&) noexcept = default;
CharsetConverter& CharsetConverter::operator=(CharsetConverter&&) noexcept = default;
CharsetConverter::~CharsetConverter() = default;

Result<CharsetConverter> CharsetConverter::Create(std::string_view from, std::string_view to) {
  auto impl = std::make_unique<Impl>();
  const std::string source = IconvName(from);
  const std::string target = IconvName(to);
  for (const auto& [name, given] : {std::pair{source, from}, std::pair{target, to}}) {
    if (!IsBinary(name) && OpenIconv("UTF-8", name) == nullptr) {
      return Fail("unknown encoding name - " + std::string(given));
    }
  }
  if (IsBinary(source) || IsBinary(target)) {
    impl->identity = true;
    return CharsetConverter(std::move(impl));
  }
  impl->to_target = OpenIconv(target, source);
  impl->to_unicode = OpenIconv("UTF-32LE", source);
  if (impl->to_target == nullptr) {
    return Fail("cannot convert from " + std::string(from) + " to " + std::string(to));
  }
  impl->unit = UnitBytes(source);
  impl->replacement = "?";
  if (IsUnicode(target)) {
    const IconvHandle handle = OpenIconv(target, "UTF-8");
    std::array<char, 16> sink;
    std::string character(kReplacementCharacter);
    char* in = character.data();
    size_t in_left = character.size();
    char* out = sink.data();
    size_t out_left = sink.size();
    iconv(handle.get(), &in, &in_left, &out, &out_left);
    impl->replacement.assign(sink.data(), sink.size() - out_left);
  }
  return CharsetConverter(std::move(impl));
}

size_t CharsetConverter::Append(std::string_view text, std::string& out) {
  Impl& impl = *impl_;
  if (impl.identity) {
    out.append(text);
    return 0;
  }
  iconv(impl.to_target.get(), nullptr, nullptr, nullptr, nullptr);
  size_t replaced = 0;
  char* in = const_cast<char*>(text.data());  // NOLINT: iconv does not write there
  size_t in_left = text.size();
  while (in_left > 0) {
    std::array<char, 512> buffer;
    char* to = buffer.data();
    size_t room = buffer.size();
    errno = 0;
    const size_t status = iconv(impl.to_target.get(), &in, &in_left, &to, &room);
    const int error = status == static_cast<size_t>(-1) ? errno : 0;
    out.append(buffer.data(), buffer.size() - room);
    if (error == EILSEQ || error == EINVAL) {
      const size_t skip = error == EINVAL ? in_left : impl.CharacterBytes({in, in_left});
      out.append(impl.replacement);
      ++replaced;
      in += std::min(skip, in_left);
      in_left -= std::min(skip, in_left);
    } else if (error != 0 && error != E2BIG) {
      break;
    }
  }
  std::array<char, 32> reset;
  char* to = reset.data();
  size_t room = reset.size();
  iconv(impl.to_target.get(), nullptr, nullptr, &to, &room);
  out.append(reset.data(), reset.size() - room);
  return replaced;
}

}  // namespace tailrace::text
