// SPDX-License-Identifier: Apache-2.0
// logfmt.
#include "parser_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tailrace::fuzz::ParserTarget;
  static ParserTarget targets[] = {
      ParserTarget("<parse>\n  @type logfmt\n  time_key ts\n</parse>\n"),
  };
  for (ParserTarget& target : targets) target.Run(data, size);
  return 0;
}
