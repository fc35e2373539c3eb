// SPDX-License-Identifier: Apache-2.0
#include "input/tail/transcoder.h"

#include <iconv.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <map>
#include <utility>

namespace tailrace::tail {
namespace {

std::string Upper(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

// Ruby's names that iconv has under another one.
std::string IconvName(const std::string& name) {
  static const std::map<std::string, std::string> kNames = {
      {"WINDOWS-31J", "CP932"}, {"CSWINDOWS31J", "CP932"}, {"SJIS", "CP932"},
      {"CP51932", "EUC-JP-MS"}, {"EUCJP-MS", "EUC-JP-MS"}, {"EUCJP", "EUC-JP"},
      {"UTF8", "UTF-8"},        {"US-ASCII", "ASCII"}};
  const std::string upper = Upper(name);
  const auto found = kNames.find(upper);
  return found == kNames.end() ? upper : found->second;
}

bool IsBinary(const std::string& name) {
  const std::string upper = Upper(name);
  return upper == "ASCII-8BIT" || upper == "BINARY";
}

}  // namespace

struct Transcoder::Descriptor {
  explicit Descriptor(iconv_t opened) : handle(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::iconv_close(handle); }

  iconv_t handle;
};

Transcoder::Transcoder() = default;
Transcoder::Transcoder(Transcoder&&) noexcept = default;
Transcoder& Transcoder::operator=(Transcoder&&) noexcept = default;
Transcoder::~Transcoder() = default;

Result<Transcoder> Transcoder::Create(const std::string& from, const std::string& to) {
  Transcoder made;
  const auto open = [](const std::string& target, const std::string& source,
                       std::unique_ptr<Descriptor>& descriptor) {
    const iconv_t handle = ::iconv_open(target.c_str(), source.c_str());
    if (handle == reinterpret_cast<iconv_t>(-1)) return false;
    descriptor = std::make_unique<Descriptor>(handle);
    return true;
  };
  std::unique_ptr<Descriptor> probe;
  for (const std::string& name : {from, to}) {
    if (name.empty() || IsBinary(name)) continue;
    if (!open(IconvName(name), "UTF-8", probe)) return Fail("unknown encoding \"" + name + "\"");
  }
  if (from.empty() || to.empty() || IsBinary(from) || IsBinary(to) ||
      IconvName(from) == IconvName(to)) {
    return made;
  }
  const auto convert = [&](const std::string& target, std::string_view text) {
    std::string out;
    if (open(IconvName(target), "UTF-8", made.descriptor_)) made.Convert(text, out);
    return out;
  };
  made.substitute_ = convert(to, "\xEF\xBF\xBD");
  if (made.substitute_.empty()) made.substitute_ = convert(to, "?");
  const std::string newline = convert(from, "\n");
  // iconv puts a mark before the newline where the name says nothing of the byte order.
  const size_t unit = Upper(from).starts_with("UTF-32")   ? 4
                      : Upper(from).starts_with("UTF-16") ? 2
                                                          : 1;
  made.newline_ = newline.substr(newline.size() - std::min(newline.size(), unit));
  if (!open(IconvName(to), IconvName(from), made.descriptor_)) {
    return Fail("cannot convert from \"" + from + "\" to \"" + to + "\"");
  }
  return made;
}

bool Transcoder::converts() const { return descriptor_ != nullptr; }

void Transcoder::Convert(std::string_view text, std::string& out) {
  // iconv does not write to its input.
  char* in = const_cast<char*>(text.data());
  size_t left = text.size();
  ::iconv(descriptor_->handle, nullptr, nullptr, nullptr, nullptr);
  char buffer[4096];
  while (left > 0) {
    char* to = buffer;
    size_t room = sizeof buffer;
    const size_t done = ::iconv(descriptor_->handle, &in, &left, &to, &room);
    out.append(buffer, static_cast<size_t>(to - buffer));
    if (done != static_cast<size_t>(-1) || errno == E2BIG) continue;
    out += substitute_;
    const size_t unit = std::min(left, newline_.size());
    in += unit;
    left -= unit;
  }
}

}  // namespace tailrace::tail
