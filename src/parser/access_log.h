// SPDX-License-Identifier: Apache-2.0
#pragma once
// Access logs in the common and combined formats, by hand:
//
//   host ident user [time] "method path protocol" code size "referer" "agent"[ "forwarded-for"]
//
// Only lines in the usual form are taken here, where no regular expression could see anything else
// in them; all others are left to the expressions of the parsers that use this.

#include <string_view>

#include "parser/regexp.h"
#include "tailrace/define_plugin.h"

namespace tailrace::parser {

struct AccessLine {
  std::string_view host, ident, user, time, method, path, code, size;
  // Without data where the line ends before them.
  std::string_view referer, agent, forwarded_for;
};

// False for anything unusual: doubled blanks, a request that is not three words, quotes or
// backslashes within it, line ends, text behind the last field.
bool SplitAccessLine(std::string_view line, AccessLine* out);

// The time of an access log. False if it is not in its own format.
inline constexpr const char* kAccessTimeFormat = "%d/%b/%Y:%H:%M:%S %z";

// A regexp parser whose own expression has a faster form.
class AccessLogParser : public RegexpParser {
 public:
  enum class Form { kNginx, kApache };

  // `expression` is the one that the fast form stands for; another one in the parameters, or
  // another time key, switches it off.
  AccessLogParser(RegexpParams params, std::string_view expression, Form form, PluginEnv& env);
  ParseStatus Parse(const Line& line, Batch& batch) override;

 private:
  const Form form_;
  const bool fast_;
  const bool usual_time_;
};

}  // namespace tailrace::parser
