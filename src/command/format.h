// SPDX-License-Identifier: Apache-2.0
#pragma once
// `tailrace format`: FILE holds one <format> section, perhaps with an <inject> beside it; events in
// (command/event_json.h), bytes out.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/element.h"
#include "config/problems.h"
#include "event/inject.h"
#include "runtime/builder.h"
#include "tailrace/plugin.h"

namespace tailrace::command {

int Format(const std::vector<std::string>& args);

class FormatSession {
 public:
  // What is wrong goes to `problems`; usable() is false then. `root` must outlive the session.
  FormatSession(const config::Element& root, runtime::BuildOptions options,
                config::Problems& problems);

  bool usable() const { return formatter_ != nullptr; }
  // The bytes of one event, given as a JSON line; or why there are none.
  Result<std::string> FormatLine(std::string_view event);

 private:
  runtime::Builder builder_;
  std::unique_ptr<Formatter> formatter_;
  std::optional<Injector> injector_;
  Batch batch_;
};

}  // namespace tailrace::command
