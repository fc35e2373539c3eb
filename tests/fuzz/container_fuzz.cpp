// SPDX-License-Identifier: Apache-2.0
// Container log files of either runtime.
#include "parser_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tailrace::fuzz::ParserTarget;
  static ParserTarget targets[] = {
      ParserTarget("<parse>\n  @type container\n  partial_limit 64\n  time_key t\n  logtag_key "
                   "tag\n</parse>\n"),
  };
  for (ParserTarget& target : targets) target.Run(data, size);
  return 0;
}
