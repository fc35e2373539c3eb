// SPDX-License-Identifier: Apache-2.0
// The JSON parser with its lenient reading.
#include "parser_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tailrace::fuzz::ParserTarget;
  static ParserTarget targets[] = {
      ParserTarget("<parse>\n  @type json\n  null_empty_string true\n  types "
                   "a:integer,b:array,c:time,d:float\n</parse>\n"),
      ParserTarget("<parse>\n  @type json_in_json\n  json_parser yajl\n</parse>\n"),
  };
  for (ParserTarget& target : targets) target.Run(data, size);
  return 0;
}
