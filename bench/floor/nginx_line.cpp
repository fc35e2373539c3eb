// SPDX-License-Identifier: Apache-2.0
#include "nginx_line.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstring>
#include <stdexcept>

namespace tailrace::bench {
namespace {

constexpr std::array<std::string_view, 9> kNames = {"remote", "host", "user",    "method", "path",
                                                    "code",   "size", "referer", "agent"};

// Fluentd's pattern for nginx; the groups in order: the fields above with time after user.
constexpr char kPattern[] =
    R"re(^([^ ]*) ([^ ]*) ([^ ]*) \[([^\]]*)\] "(\S+)(?: +([^\"]*?)(?: +\S*)?)?" )re"
    R"re(([^ ]*) ([^ ]*)(?: "([^\"]*)" "([^\"]*)"(?:\s+([^ ]+))?)?$)re";

bool ConvertTime(NginxRecord& record) {
  const std::string_view t = record.time;
  if (t.size() != 26 || t[2] != '/' || t[6] != '/' || t[11] != ':') return false;
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::size_t month = kMonths.find(t.substr(3, 3)) / 3 + 1;
  char* out = record.iso.data();
  std::memcpy(out, t.data() + 7, 4);
  out[4] = '-';
  out[5] = static_cast<char>('0' + month / 10);
  out[6] = static_cast<char>('0' + month % 10);
  out[7] = '-';
  std::memcpy(out + 8, t.data(), 2);
  out[10] = 'T';
  std::memcpy(out + 11, t.data() + 12, 8);
  std::memcpy(out + 19, t.data() + 21, 3);
  out[22] = ':';
  std::memcpy(out + 23, t.data() + 24, 2);
  return month <= 12;
}

// Cuts `line` behind the next `end`. False if there is none.
bool Take(std::string_view& line, std::string_view end, std::string_view& part) {
  const std::size_t at = line.find(end);
  if (at == std::string_view::npos) return false;
  part = line.substr(0, at);
  line.remove_prefix(at + end.size());
  return true;
}

}  // namespace

bool ParseNginxByHand(std::string_view line, NginxRecord& record) {
  auto& f = record.fields;
  for (std::size_t i = 0; i < f.size(); ++i) f[i].name = kNames[i];
  std::string_view request;
  if (!Take(line, " ", f[0].value) || !Take(line, " ", f[1].value) ||
      !Take(line, " [", f[2].value) || !Take(line, "] \"", record.time) ||
      !Take(line, "\" ", request) || !Take(line, " ", f[5].value) ||
      !Take(line, " \"", f[6].value) || !Take(line, "\" \"", f[7].value) ||
      !Take(line, "\"", f[8].value) || !Take(request, " ", f[3].value)) {
    return false;
  }
  f[4].value = request.substr(0, request.rfind(' '));
  return ConvertTime(record);
}

struct NginxRegex::State {
  pcre2_code* code = nullptr;
  pcre2_match_data* match = nullptr;
};

NginxRegex::NginxRegex() : state_(std::make_unique<State>()) {
  int error = 0;
  PCRE2_SIZE at = 0;
  state_->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(kPattern), PCRE2_ZERO_TERMINATED,
                    PCRE2_MULTILINE | PCRE2_UTF | PCRE2_NO_UTF_CHECK, &error, &at, nullptr);
  if (state_->code == nullptr || pcre2_jit_compile(state_->code, PCRE2_JIT_COMPLETE) != 0) {
    throw std::runtime_error("cannot compile the nginx pattern");
  }
  state_->match = pcre2_match_data_create_from_pattern(state_->code, nullptr);
}

NginxRegex::~NginxRegex() {
  pcre2_match_data_free(state_->match);
  pcre2_code_free(state_->code);
}

bool NginxRegex::Parse(std::string_view line, NginxRecord& record) {
  const int groups = pcre2_jit_match(state_->code, reinterpret_cast<PCRE2_SPTR>(line.data()),
                                     line.size(), 0, 0, state_->match, nullptr);
  if (groups < 11) return false;
  const PCRE2_SIZE* at = pcre2_get_ovector_pointer(state_->match);
  const auto group = [&](std::size_t n) {
    return line.substr(at[2 * n], at[2 * n + 1] - at[2 * n]);
  };
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    record.fields[i] = {kNames[i], group(i < 3 ? i + 1 : i + 2)};
  }
  record.time = group(4);
  return ConvertTime(record);
}

}  // namespace tailrace::bench
