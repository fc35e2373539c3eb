// SPDX-License-Identifier: Apache-2.0
// Events of several lines.
#include "parser_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tailrace::fuzz::ParserTarget;
  static ParserTarget targets[] = {
      ParserTarget("<parse>\n  @type multiline\n  format_firstline /^[a-z]/\n  format1 "
                   "/(?<a>[a-z]+) (?<b>.*)/\n</parse>\n"),
      ParserTarget("<parse>\n  @type multiline\n  format1 /(?<a>[a-z]+)\\n(?<b>x)/\n  "
                   "unmatched_lines\n</parse>\n"),
  };
  for (ParserTarget& target : targets) target.Run(data, size);
  return 0;
}
