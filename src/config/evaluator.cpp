// SPDX-License-Identifier: Apache-2.0
#include "config/evaluator.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "config/value.h"

namespace tailrace::config {
namespace {

// What "#{...}" in a configuration can name besides the functions of Ruby.
const std::vector<std::string>& VariableNames() {
  static const std::vector<std::string> kNames = {"hostname", "worker_id"};
  return kNames;
}

RubyEvaluator::Result Refused(const ruby::CompileError& error, size_t before) {
  RubyEvaluator::Result result;
  result.error = "embedded Ruby: " + error.message;
  result.error_offset = error.offset - std::min(error.offset, before);
  return result;
}

}  // namespace

ConfigEvaluator::ConfigEvaluator(ruby::Host host) : host_(std::move(host)) {}

std::string ConfigEvaluator::WorkerId() const {
  static constexpr const char* kName = "SERVERENGINE_WORKER_ID";
  if (host_.environment) {
    const auto found = host_.environment->find(kName);
    return found == host_.environment->end() ? "" : found->second;
  }
  const char* value = std::getenv(kName);
  return value == nullptr ? "" : value;
}

RubyEvaluator::Result ConfigEvaluator::Evaluate(std::string_view rest) {
  size_t length = 0;
  auto program = ruby::Program::CompileEmbedded(rest, VariableNames(), &length);
  if (!program) return Refused(program.error(), 0);
  Result result = Run(*program);
  result.length = length;
  return result;
}

RubyEvaluator::Result ConfigEvaluator::EvaluateText(std::string_view text) {
  auto program = ruby::Program::Compile("\"" + std::string(text) + "\"", VariableNames());
  return program ? Run(*program) : Refused(program.error(), 1);
}

RubyEvaluator::Result ConfigEvaluator::Run(const ruby::Program& program) const {
  const std::array<Value, 2> variables = {host_.hostname, WorkerId()};
  Value value;
  std::string error;
  Result result;
  switch (program.Run(variables, host_, &value, &error)) {
    case ruby::Outcome::kValue:
      result.outcome = Outcome::kText;
      result.text = ToText(value);
      break;
    case ruby::Outcome::kNil:
      result.outcome = Outcome::kNil;
      break;
    case ruby::Outcome::kDefault:
      result.outcome = Outcome::kDefault;
      break;
    case ruby::Outcome::kRaised:
      result.error = "embedded Ruby: " + error;
      break;
  }
  return result;
}

}  // namespace tailrace::config
