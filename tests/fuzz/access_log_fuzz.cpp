// SPDX-License-Identifier: Apache-2.0
// Access logs of nginx and Apache, and Apache's error log.
#include "parser_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tailrace::fuzz::ParserTarget;
  static ParserTarget targets[] = {
      ParserTarget("<parse>\n  @type nginx\n</parse>\n"),
      ParserTarget("<parse>\n  @type apache2\n</parse>\n"),
      ParserTarget("<parse>\n  @type apache\n</parse>\n"),
      ParserTarget("<parse>\n  @type apache_error\n</parse>\n"),
  };
  for (ParserTarget& target : targets) target.Run(data, size);
  return 0;
}
