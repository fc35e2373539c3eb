// SPDX-License-Identifier: Apache-2.0
// MessagePack streams.
#include "parser_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tailrace::fuzz::ParserTarget;
  static ParserTarget targets[] = {
      ParserTarget("<parse>\n  @type msgpack\n</parse>\n"),
  };
  for (ParserTarget& target : targets) target.Run(data, size);
  return 0;
}
