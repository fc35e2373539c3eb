// SPDX-License-Identifier: Apache-2.0
// Expressions: compiled from any bytes and run on a record.
#include <array>
#include <cstdint>
#include <string>

#include "config/ruby/program.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tailrace::config;
  const std::string source(reinterpret_cast<const char*>(data), size);
  const auto program = ruby::Program::Compile(source, {"record", "tag", "time"});
  if (!program) return 0;
  Value record = Value::MakeHash();
  record.hash().Set("message", "an error: 42");
  record.hash().Set("list", Value::MakeArray({1, 2.5, "x", Value()}));
  record.hash().Set("nested", Value::MakeHash());
  const std::array<Value, 3> variables = {record, "kube.var.log",
                                          TimeValue{1700000000, 5, true, 0}};
  ruby::Host host;
  host.hostname = "host";
  host.environment.emplace();
  host.now = [] { return TimeValue{1700000000, 0, true, 0}; };
  Value result;
  std::string error;
  if (program->Run(variables, host, &result, &error) == ruby::Outcome::kValue) {
    ToText(result);
    ToJson(result);
  }
  return 0;
}
