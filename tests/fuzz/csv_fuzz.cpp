// SPDX-License-Identifier: Apache-2.0
// CSV, both engines, and TSV.
#include "parser_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tailrace::fuzz::ParserTarget;
  static ParserTarget targets[] = {
      ParserTarget("<parse>\n  @type csv\n  keys a,b,c\n</parse>\n"),
      ParserTarget("<parse>\n  @type csv\n  keys a,b,a\n  parser_engine fast\n</parse>\n"),
      ParserTarget("<parse>\n  @type tsv\n  keys a,b\n</parse>\n"),
  };
  for (ParserTarget& target : targets) target.Run(data, size);
  return 0;
}
