// SPDX-License-Identifier: Apache-2.0
// CRI lines, pieces of long lines included.
#include "parser_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tailrace::fuzz::ParserTarget;
  static ParserTarget targets[] = {
      ParserTarget("<parse>\n  @type cri\n  partial_limit 64\n</parse>\n"),
      ParserTarget("<parse>\n  @type cri\n  <parse>\n    @type json\n  </parse>\n</parse>\n"),
  };
  for (ParserTarget& target : targets) target.Run(data, size);
  return 0;
}
