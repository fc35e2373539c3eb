// SPDX-License-Identifier: Apache-2.0
#include <oniguruma.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "text/regex_engine.h"

namespace tailrace::text {
namespace {

// Memory for backtracking, in stack entries (about 40 bytes each).
constexpr unsigned int kStackEntriesMax = 1'000'000;

struct RegexFree {
  void operator()(regex_t* regex) const { onig_free(regex); }
};
struct RegionFree {
  void operator()(OnigRegion* region) const { onig_region_free(region, 1); }
};
struct ParamFree {
  void operator()(OnigMatchParam* param) const { onig_free_match_param(param); }
};

const OnigUChar* Bytes(const char* text) { return reinterpret_cast<const OnigUChar*>(text); }

class OnigurumaEngine : public RegexEngine {
 public:
  explicit OnigurumaEngine(std::shared_ptr<regex_t> regex)
      : regex_(std::move(regex)), region_(onig_region_new()), param_(onig_new_match_param()) {
    onig_initialize_match_param(param_.get());
    onig_set_match_stack_limit_size_of_match_param(param_.get(), kStackEntriesMax);
  }

  MatchResult Matches(std::string_view subject) override { return Search(subject, 0, nullptr); }

  MatchResult Match(std::string_view subject, size_t start, Captures& captures) override {
    const MatchResult result = Search(subject, start, region_.get());
    if (!result) return result;
    const size_t groups = static_cast<size_t>(onig_number_of_captures(regex_.get())) + 1;
    captures.Reset(subject, groups);
    const size_t known = std::min(groups, static_cast<size_t>(region_->num_regs));
    for (size_t i = 0; i < known; ++i) {
      if (region_->beg[i] != ONIG_REGION_NOTPOS) captures.Set(i, region_->beg[i], region_->end[i]);
    }
    return result;
  }

  std::unique_ptr<RegexEngine> Clone() const override {
    return std::make_unique<OnigurumaEngine>(regex_);
  }

 private:
  MatchResult Search(std::string_view subject, size_t start, OnigRegion* region) {
    const unsigned long steps = RegexStepLimit(subject.size());
    onig_set_retry_limit_in_match_of_match_param(param_.get(), steps);
    onig_set_retry_limit_in_search_of_match_param(param_.get(), steps);
    const char* data = subject.data() != nullptr ? subject.data() : "";
    const OnigUChar* begin = Bytes(data);
    const OnigUChar* end = begin + subject.size();
    const int position = onig_search_with_param(regex_.get(), begin, end, begin + start, end,
                                                region, ONIG_OPTION_NONE, param_.get());
    if (position >= 0) return MatchResult::kMatch;
    return position == ONIG_MISMATCH ? MatchResult::kNoMatch : MatchResult::kGaveUp;
  }

  // Searching does not change a compiled program: the copies of all workers share it.
  std::shared_ptr<regex_t> regex_;
  std::unique_ptr<OnigRegion, RegionFree> region_;
  std::unique_ptr<OnigMatchParam, ParamFree> param_;
};

void InitializeLibrary() {
  static std::once_flag once;
  std::call_once(once, [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8, ONIG_ENCODING_ASCII};
    onig_initialize(encodings, 2);
    onig_set_warn_func([](const char*) {});
    onig_set_verb_warn_func([](const char*) {});
  });
}

}  // namespace

Result<std::unique_ptr<RegexEngine>> MakeOniguruma(const OnigurumaPattern& pattern,
                                                   OnigurumaEncoding encoding) {
  InitializeLibrary();
  regex_t* raw = nullptr;
  OnigErrorInfo info{};
  const int status =
      onig_new(&raw, Bytes(pattern.text.data()), Bytes(pattern.text.data()) + pattern.text.size(),
               pattern.ignore_case ? ONIG_OPTION_IGNORECASE : ONIG_OPTION_NONE,
               encoding == OnigurumaEncoding::kUtf8 ? ONIG_ENCODING_UTF8 : ONIG_ENCODING_ASCII,
               ONIG_SYNTAX_RUBY, &info);
  if (status != ONIG_NORMAL) {
    OnigUChar message[ONIG_MAX_ERROR_MESSAGE_LEN];
    onig_error_code_to_str(message, status, &info);
    return Fail(reinterpret_cast<const char*>(message));
  }
  std::shared_ptr<regex_t> regex(raw, RegexFree{});
  return std::make_unique<OnigurumaEngine>(std::move(regex));
}

}  // namespace tailrace::text
