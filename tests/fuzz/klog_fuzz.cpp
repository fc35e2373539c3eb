// SPDX-License-Identifier: Apache-2.0
// klog, line by line and with the lines that follow.
#include "parser_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tailrace::fuzz::ParserTarget;
  static ParserTarget targets[] = {
      ParserTarget("<parse>\n  @type kubernetes\n</parse>\n"),
      ParserTarget("<parse>\n  @type multiline_kubernetes\n</parse>\n"),
  };
  for (ParserTarget& target : targets) target.Run(data, size);
  return 0;
}
