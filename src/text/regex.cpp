// SPDX-License-Identifier: Apache-2.0
#include "text/regex.h"

#include <simdjson.h>

#include <cstring>

#include "text/pattern_writer.h"
#include "text/regex_engine.h"
#include "text/ruby_pattern.h"

namespace tailrace::text {
namespace {

bool IsAscii(std::string_view text) {
  size_t at = 0;
  uint64_t bits = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    bits |= word;
  }
  for (; at < text.size(); ++at) bits |= static_cast<uint64_t>(text[at] & 0x80);
  return (bits & 0x8080808080808080U) == 0;
}

// Which subjects an engine's program means the same for.
struct Scope {
  bool ascii_only = false;
  bool no_final_newline = false;
};

struct Chosen {
  std::unique_ptr<RegexEngine> engine;
  std::string_view name;
  Scope scope;
  std::string why;
};

constexpr std::string_view kRe2 = "RE2";
constexpr std::string_view kPcre2 = "PCRE2";
constexpr std::string_view kOniguruma = "Oniguruma";

Chosen Choose(std::string_view name, const Translation& translation) {
  Chosen chosen;
  if (!translation.ok()) {
    chosen.why = translation.refusal;
    return chosen;
  }
  chosen.engine = name == kRe2 ? MakeRe2(translation.pattern) : MakePcre2(translation.pattern);
  if (chosen.engine == nullptr) {
    chosen.why = "a size that " + std::string(name) + " cannot hold";
    return chosen;
  }
  chosen.name = name;
  chosen.scope = {translation.ascii_only, translation.no_final_newline};
  return chosen;
}

std::string ScopeInWords(const Scope& scope) {
  if (scope.ascii_only && scope.no_final_newline) {
    return " (Oniguruma where a line is not ASCII or ends with a newline)";
  }
  if (scope.ascii_only) return " (Oniguruma where a line is not ASCII)";
  if (scope.no_final_newline) return " (Oniguruma where a line ends with a newline)";
  return "";
}

}  // namespace

struct Regex::Impl {
  std::string pattern;
  Options options;
  std::vector<GroupName> names;
  size_t group_count = 0;
  Chosen test;                         // answers Matches; without an engine: `exact` does
  Chosen capture;                      // answers Match; likewise
  std::unique_ptr<RegexEngine> exact;  // Oniguruma, for everything
  std::unique_ptr<RegexEngine> bytes;  // for subjects that are not UTF-8; null: kInvalidUtf8
  std::string reason;

  // The engine whose meaning is Ruby's for this subject; null: none may see it.
  RegexEngine* EngineFor(std::string_view subject, const Chosen& wanted) const {
    if (!IsAscii(subject)) {
      if (!simdjson::validate_utf8(subject.data(), subject.size())) return bytes.get();
      if (wanted.scope.ascii_only) return exact.get();
    }
    if (wanted.engine == nullptr) return exact.get();
    if (wanted.scope.no_final_newline && subject.ends_with('\n')) return exact.get();
    return wanted.engine.get();
  }

  void ChooseEngines(const RubyPattern& parsed) {
    const Translation for_pcre2 = WriteForPcre2(parsed.root);
    const bool can_explode = CanExplode(parsed.root);
    capture = Choose(kPcre2, for_pcre2);
    // PCRE2 is the faster one for yes or no as well; RE2 where backtracking could get out of hand.
    if (can_explode || capture.engine == nullptr) test = Choose(kRe2, WriteForRe2(parsed.root));
    if (test.engine == nullptr && capture.engine != nullptr) {
      test = Choose(kPcre2, for_pcre2);
    }
    reason = Reason(can_explode);
  }

  std::string Reason(bool can_explode) const {
    std::string out;
    if (capture.engine != nullptr) {
      out = "PCRE2 captures" + ScopeInWords(capture.scope);
    } else {
      out = "Oniguruma captures, because of " + capture.why;
    }
    if (test.name == kRe2) {
      out += "; RE2 answers yes or no" + ScopeInWords(test.scope);
      if (can_explode) out += ", because nested repetitions can make backtracking slow";
    } else if (test.name == kPcre2) {
      out += "; PCRE2 answers yes or no";
    } else {
      out += "; Oniguruma answers yes or no";
    }
    return out + ".";
  }
};

Regex::Regex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::Compile(std::string_view pattern, Options options) {
  auto parsed = RubyPattern::Parse(pattern, options);
  if (!parsed) return tl::make_unexpected(parsed.error());
  const OnigurumaPattern exact_pattern = WriteForOniguruma(parsed->root);
  auto exact = MakeOniguruma(exact_pattern, OnigurumaEncoding::kUtf8);
  if (!exact) {
    return Fail("invalid regular expression /" + std::string(pattern) +
                "/: " + exact.error().message);
  }
  auto impl = std::make_unique<Impl>();
  impl->pattern = pattern;
  impl->options = options;
  impl->names = std::move(parsed->names);
  impl->group_count = static_cast<size_t>(parsed->group_count);
  impl->exact = std::move(*exact);
  impl->ChooseEngines(*parsed);
  if (options.match_invalid_utf8_as_bytes && IsAscii(exact_pattern.text)) {
    auto bytes = MakeOniguruma(exact_pattern, OnigurumaEncoding::kBytes);
    if (bytes) impl->bytes = std::move(*bytes);
  }
  return Regex(std::move(impl));
}

Result<Regex> Regex::CompileAnchored(std::string_view pattern, Options options) {
  return Compile("\\A" + std::string(pattern) + "\\Z", options);
}

Regex Regex::Clone() const {
  const auto copy = [](const Chosen& chosen) {
    return Chosen{chosen.engine ? chosen.engine->Clone() : nullptr, chosen.name, chosen.scope,
                  chosen.why};
  };
  auto impl = std::make_unique<Impl>();
  impl->pattern = impl_->pattern;
  impl->options = impl_->options;
  impl->names = impl_->names;
  impl->group_count = impl_->group_count;
  impl->reason = impl_->reason;
  impl->test = copy(impl_->test);
  impl->capture = copy(impl_->capture);
  impl->exact = impl_->exact->Clone();
  if (impl_->bytes) impl->bytes = impl_->bytes->Clone();
  return Regex(std::move(impl));
}

MatchResult Regex::Matches(std::string_view subject) const {
  RegexEngine* engine = impl_->EngineFor(subject, impl_->test);
  if (engine == nullptr) return MatchResult::kInvalidUtf8;
  const MatchResult result = engine->Matches(subject);
  if (result.gave_up() && engine->lacked_memory()) return impl_->exact->Matches(subject);
  return result;
}

MatchResult Regex::Match(std::string_view subject, Captures& captures, size_t start) const {
  if (start > subject.size()) return MatchResult::kNoMatch;
  RegexEngine* engine = impl_->EngineFor(subject, impl_->capture);
  if (engine == nullptr) return MatchResult::kInvalidUtf8;
  const MatchResult result = engine->Match(subject, start, captures);
  if (result.gave_up() && engine->lacked_memory()) {
    return impl_->exact->Match(subject, start, captures);
  }
  return result;
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
std::string_view Regex::engine() const {
  return impl_->test.engine ? impl_->test.name : kOniguruma;
}
std::string_view Regex::capture_engine() const {
  return impl_->capture.engine ? impl_->capture.name : kOniguruma;
}
const std::string& Regex::engine_reason() const { return impl_->reason; }

}  // namespace tailrace::text
