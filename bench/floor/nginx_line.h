// SPDX-License-Identifier: Apache-2.0
#pragma once
// Access log lines in nginx's combined format as the fields of Fluentd's `@type nginx`: by hand,
// and by the same pattern in PCRE2 with its JIT, the fastest engine for captures at hand.
// Format: https://nginx.org/en/docs/http/ngx_http_log_module.html

#include <array>
#include <memory>
#include <span>
#include <string_view>

#include "render.h"

namespace tailrace::bench {

struct NginxRecord {
  // remote, host, user, method, path, code, size, referer, agent
  std::array<BulkBody::Field, 9> fields;
  std::string_view time;       // "15/Jan/2024:10:30:00 +0000"
  std::array<char, 25> iso{};  // "2024-01-15T10:30:00+00:00"
};

// Both are false when the line has another form.
bool ParseNginxByHand(std::string_view line, NginxRecord& record);

class NginxRegex {
 public:
  NginxRegex();
  ~NginxRegex();
  bool Parse(std::string_view line, NginxRecord& record);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tailrace::bench
