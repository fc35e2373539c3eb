// SPDX-License-Identifier: Apache-2.0
#include "config/ruby/regexp.h"

#include <oniguruma.h>

#include <mutex>

namespace tailrace::config {
namespace {

// A search that backtracks more often than this gives up, so that no pattern can stop the agent.
constexpr unsigned long kRetryLimit = 10'000'000;

const OnigUChar* Bytes(std::string_view text) {
  return reinterpret_cast<const OnigUChar*>(text.data());
}

void Initialize() {
  static std::once_flag once;
  std::call_once(once, [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
    onig_set_retry_limit_in_search(kRetryLimit);
  });
}

int AddName(const OnigUChar* name, const OnigUChar* end, int count, int* numbers, OnigRegex,
            void* names) {
  const std::string text(reinterpret_cast<const char*>(name),
                         reinterpret_cast<const char*>(end));
  static_cast<std::vector<std::pair<std::string, int>>*>(names)->emplace_back(
      text, numbers[count - 1]);
  return 0;
}

}  // namespace

std::shared_ptr<const RubyRegexp> RubyRegexp::Compile(std::string_view source, bool ignore_case,
                                                      bool multi_line, std::string* error,
                                                      bool extended) {
  Initialize();
  OnigOptionType options = ONIG_OPTION_DIGIT_IS_ASCII | ONIG_OPTION_CAPTURE_GROUP;
  options &= ~ONIG_OPTION_CAPTURE_GROUP;
  if (ignore_case) options |= ONIG_OPTION_IGNORECASE;
  if (multi_line) options |= ONIG_OPTION_MULTILINE;
  if (extended) options |= ONIG_OPTION_EXTEND;
  OnigRegex regex = nullptr;
  OnigErrorInfo info{};
  const int code = onig_new(&regex, Bytes(source), Bytes(source) + source.size(), options,
                            ONIG_ENCODING_UTF8, ONIG_SYNTAX_RUBY, &info);
  if (code != ONIG_NORMAL) {
    OnigUChar message[ONIG_MAX_ERROR_MESSAGE_LEN];
    const int size = onig_error_code_to_str(message, code, &info);
    if (error != nullptr) error->assign(reinterpret_cast<char*>(message), size);
    return nullptr;
  }
  std::shared_ptr<RubyRegexp> compiled(new RubyRegexp());
  compiled->regex_ = regex;
  compiled->source_ = source;
  compiled->options_ = std::string(multi_line ? "m" : "") + (ignore_case ? "i" : "") +
                       (extended ? "x" : "");
  onig_foreach_name(regex, AddName, &compiled->names_);
  return compiled;
}

RubyRegexp::~RubyRegexp() { onig_free(static_cast<OnigRegex>(regex_)); }

bool RubyRegexp::Search(std::string_view text, size_t from, Match* match) const {
  if (from > text.size()) return false;
  OnigRegion* region = onig_region_new();
  const int at = onig_search(static_cast<OnigRegex>(regex_), Bytes(text),
                             Bytes(text) + text.size(), Bytes(text) + from,
                             Bytes(text) + text.size(), region, ONIG_OPTION_NONE);
  if (at >= 0 && match != nullptr) {
    match->groups.clear();
    for (int i = 0; i < region->num_regs; ++i) {
      match->groups.emplace_back(region->beg[i], region->end[i]);
    }
  }
  onig_region_free(region, 1);
  return at >= 0;
}

}  // namespace tailrace::config
