// SPDX-License-Identifier: Apache-2.0
#include "text/regex.h"

#include <simdjson.h>

#include <algorithm>

#include "text/regex_engine.h"

namespace tailrace::text {
namespace {

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

}  // namespace

struct Regex::Impl {
  std::string pattern;
  Options options;
  std::vector<GroupName> names;
  size_t group_count = 0;
  std::string_view engine_name;
  std::string_view capture_engine_name;
  std::string reason;
  std::unique_ptr<RegexEngine> test;     // answers Matches; null: `capture` does
  std::unique_ptr<RegexEngine> capture;  // answers Match
  std::unique_ptr<RegexEngine> bytes;    // for subjects that are not UTF-8; null: kInvalidUtf8

  RegexEngine* EngineFor(std::string_view subject, RegexEngine* preferred) const {
    if (simdjson::validate_utf8(subject.data(), subject.size())) return preferred;
    return bytes.get();
  }
};

Regex::Regex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::Compile(std::string_view pattern, Options options) {
  auto program = MakeOniguruma(pattern, options, OnigurumaEncoding::kUtf8);
  if (!program) return tl::make_unexpected(program.error());
  auto impl = std::make_unique<Impl>();
  impl->pattern = pattern;
  impl->options = options;
  impl->names = std::move(program->names);
  impl->group_count = program->group_count;
  impl->capture = std::move(program->engine);
  impl->engine_name = "Oniguruma";
  impl->capture_engine_name = "Oniguruma";
  impl->reason = "Oniguruma runs it.";
  if (options.match_invalid_utf8_as_bytes && IsAscii(pattern)) {
    auto bytes = MakeOniguruma(pattern, options, OnigurumaEncoding::kBytes);
    if (bytes) impl->bytes = std::move(bytes->engine);
  }
  return Regex(std::move(impl));
}

Result<Regex> Regex::CompileAnchored(std::string_view pattern, Options options) {
  return Compile("\\A" + std::string(pattern) + "\\Z", options);
}

Regex Regex::Clone() const {
  auto impl = std::make_unique<Impl>();
  impl->pattern = impl_->pattern;
  impl->options = impl_->options;
  impl->names = impl_->names;
  impl->group_count = impl_->group_count;
  impl->engine_name = impl_->engine_name;
  impl->capture_engine_name = impl_->capture_engine_name;
  impl->reason = impl_->reason;
  if (impl_->test) impl->test = impl_->test->Clone();
  impl->capture = impl_->capture->Clone();
  if (impl_->bytes) impl->bytes = impl_->bytes->Clone();
  return Regex(std::move(impl));
}

MatchResult Regex::Matches(std::string_view subject) const {
  RegexEngine* engine =
      impl_->EngineFor(subject, impl_->test ? impl_->test.get() : impl_->capture.get());
  if (engine == nullptr) return MatchResult::kInvalidUtf8;
  return engine->Matches(subject);
}

MatchResult Regex::Match(std::string_view subject, Captures& captures, size_t start) const {
  if (start > subject.size()) return MatchResult::kNoMatch;
  RegexEngine* engine = impl_->EngineFor(subject, impl_->capture.get());
  if (engine == nullptr) return MatchResult::kInvalidUtf8;
  return engine->Match(subject, start, captures);
}

const std::vector<GroupName>& Regex::names() const { return impl_->names; }

std::string_view Regex::Named(const Captures& captures, const GroupName& name) const {
  for (size_t i = name.groups.size(); i-- > 0;) {
    const auto group = static_cast<size_t>(name.groups[i]);
    if (captures.matched(group)) return captures[group];
  }
  return {};
}

size_t Regex::group_count() const { return impl_->group_count; }
const std::string& Regex::pattern() const { return impl_->pattern; }
const Regex::Options& Regex::options() const { return impl_->options; }
std::string_view Regex::engine() const { return impl_->engine_name; }
std::string_view Regex::capture_engine() const { return impl_->capture_engine_name; }
const std::string& Regex::engine_reason() const { return impl_->reason; }

}  // namespace tailrace::text
