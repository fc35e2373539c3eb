// SPDX-License-Identifier: Apache-2.0
#include "config/ruby/program.h"

#include <algorithm>
#include <utility>

#include "config/ruby/methods.h"
#include "config/ruby/parser.h"
#include "config/ruby/regexp.h"
#include "config/ruby/time.h"

namespace tailrace::config::ruby {

struct Program::Code {
  Parsed parsed;
};

namespace {

CompileError ErrorAt(std::string_view source, SyntaxError error) {
  CompileError at;
  at.offset = std::min(error.offset, source.size());
  const std::string_view before = source.substr(0, at.offset);
  at.line = static_cast<uint32_t>(std::count(before.begin(), before.end(), '\n') + 1);
  at.column = static_cast<uint32_t>(at.offset - (before.rfind('\n') + 1) + 1);
  at.message = std::move(error.message);
  return at;
}

}  // namespace

Program::Program(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

tl::expected<Program, CompileError> Program::Compile(std::string_view source,
                                                     const std::vector<std::string>& variables) {
  try {
    auto code = std::make_unique<Code>();
    code->parsed = Parse(source, variables, false);
    return Program(std::move(code));
  } catch (SyntaxError& error) {
    return tl::unexpected<CompileError>(ErrorAt(source, std::move(error)));
  }
}

tl::expected<Program, CompileError> Program::CompileEmbedded(
    std::string_view rest, const std::vector<std::string>& variables, size_t* length) {
  try {
    auto code = std::make_unique<Code>();
    code->parsed = Parse(rest, variables, true);
    *length = code->parsed.end;
    return Program(std::move(code));
  } catch (SyntaxError& error) {
    return tl::unexpected<CompileError>(ErrorAt(rest, std::move(error)));
  }
}

Outcome Program::Run(std::span<const Value> variables, const Host& host, Value* result,
                     std::string* error) const {
  Frame frame(variables, code_->parsed.locals, host);
  *result = Value();
  if (frame.Eval(*code_->parsed.root, result)) return Outcome::kValue;
  if (error != nullptr) *error = std::move(frame.error());
  return frame.outcome();
}

bool Program::Uses(size_t variable) const {
  return variable < code_->parsed.used_variables.size() && code_->parsed.used_variables[variable];
}

}  // namespace tailrace::config::ruby
