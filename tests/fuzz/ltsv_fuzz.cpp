// SPDX-License-Identifier: Apache-2.0
// LTSV with fixed delimiters and with a pattern.
#include "parser_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tailrace::fuzz::ParserTarget;
  static ParserTarget targets[] = {
      ParserTarget("<parse>\n  @type ltsv\n</parse>\n"),
      ParserTarget(
          "<parse>\n  @type ltsv\n  delimiter_pattern /[\\s,]*/\n  label_delimiter =\n</parse>\n"),
  };
  for (ParserTarget& target : targets) target.Run(data, size);
  return 0;
}
