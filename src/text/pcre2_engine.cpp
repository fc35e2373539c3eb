// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "text/regex_engine.h"

namespace tailrace::text {
namespace {

constexpr size_t kJitStackStart = 32 << 10;
constexpr size_t kJitStackMax = 1 << 20;  // bytes; a match that needs more is left to Oniguruma

struct CodeFree {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct DataFree {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct MatchContextFree {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct CompileContextFree {
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
};
struct StackFree {
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};

PCRE2_SPTR Bytes(const char* text) { return reinterpret_cast<PCRE2_SPTR>(text); }

class Pcre2Engine : public RegexEngine {
 public:
  explicit Pcre2Engine(std::shared_ptr<pcre2_code> code)
      : code_(std::move(code)),
        data_(pcre2_match_data_create_from_pattern(code_.get(), nullptr)),
        context_(pcre2_match_context_create(nullptr)),
        stack_(pcre2_jit_stack_create(kJitStackStart, kJitStackMax, nullptr)) {
    pcre2_jit_stack_assign(context_.get(), nullptr, stack_.get());
  }

  MatchResult Matches(std::string_view subject) override { return Run(subject, 0); }

  MatchResult Match(std::string_view subject, size_t start, Captures& captures) override {
    const MatchResult result = Run(subject, start);
    if (!result) return result;
    const PCRE2_SIZE* ranges = pcre2_get_ovector_pointer(data_.get());
    const uint32_t groups = pcre2_get_ovector_count(data_.get());
    captures.Reset(subject, groups);
    for (uint32_t i = 0; i < groups; ++i) {
      if (ranges[2 * i] == PCRE2_UNSET) continue;
      captures.Set(i, static_cast<int32_t>(ranges[2 * i]), static_cast<int32_t>(ranges[2 * i + 1]));
    }
    return result;
  }

  bool lacked_memory() const override { return lacked_memory_; }

  std::unique_ptr<RegexEngine> Clone() const override {
    return std::make_unique<Pcre2Engine>(code_);
  }

 private:
  MatchResult Run(std::string_view subject, size_t start) {
    pcre2_set_match_limit(context_.get(), static_cast<uint32_t>(RegexStepLimit(subject.size())));
    const char* data = subject.data() != nullptr ? subject.data() : "";
    // The subject is known to be valid, so the fast entry without checks serves.
    const int status = pcre2_jit_match(code_.get(), Bytes(data), subject.size(), start, 0,
                                       data_.get(), context_.get());
    if (status > 0) return MatchResult::kMatch;
    lacked_memory_ = status == PCRE2_ERROR_JIT_STACKLIMIT;
    return status == PCRE2_ERROR_NOMATCH ? MatchResult::kNoMatch : MatchResult::kGaveUp;
  }

  // A compiled program does not change: the copies of all workers share it.
  std::shared_ptr<pcre2_code> code_;
  std::unique_ptr<pcre2_match_data, DataFree> data_;
  std::unique_ptr<pcre2_match_context, MatchContextFree> context_;
  std::unique_ptr<pcre2_jit_stack, StackFree> stack_;
  bool lacked_memory_ = false;
};

}  // namespace

std::unique_ptr<RegexEngine> MakePcre2(const std::string& pattern) {
  const std::unique_ptr<pcre2_compile_context, CompileContextFree> context(
      pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE error_at = 0;
  std::shared_ptr<pcre2_code> code(pcre2_compile(Bytes(pattern.data()), pattern.size(), PCRE2_UTF,
                                                 &error, &error_at, context.get()),
                                   CodeFree{});
  if (code == nullptr || pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE) != 0) return nullptr;
  return std::make_unique<Pcre2Engine>(std::move(code));
}

}  // namespace tailrace::text
