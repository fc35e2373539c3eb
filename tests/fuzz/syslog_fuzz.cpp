// SPDX-License-Identifier: Apache-2.0
// Syslog, every format with both engines.
#include "parser_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tailrace::fuzz::ParserTarget;
  static ParserTarget targets[] = {
      ParserTarget(
          "<parse>\n  @type syslog\n  message_format auto\n  with_priority true\n</parse>\n"),
      ParserTarget("<parse>\n  @type syslog\n  message_format auto\n  with_priority true\n  "
                   "parser_engine string\n</parse>\n"),
      ParserTarget("<parse>\n  @type syslog\n  keep_time_key true\n</parse>\n"),
      ParserTarget("<parse>\n  @type syslog\n  message_format rfc5424\n</parse>\n"),
  };
  for (ParserTarget& target : targets) target.Run(data, size);
  return 0;
}
