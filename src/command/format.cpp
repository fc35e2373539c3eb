// SPDX-License-Identifier: Apache-2.0
#include "command/format.h"

#include <cstdio>
#include <iostream>

#include "command/agent_options.h"
#include "command/command.h"
#include "command/event_json.h"
#include "command/section.h"
#include "tailrace/params.h"

namespace tailrace::command {

FormatSession::FormatSession(const config::Element& root, runtime::BuildOptions options,
                             config::Problems& problems)
    : builder_(root, options, problems) {
  const size_t errors = problems.ErrorCount();
  if (const config::Element* const section = FindSection(root, "inject")) {
    LoadContext context{problems, options.strict_values, options.strict_names};
    const auto params = Load<InjectParams>(*section, context);
    auto injector = Injector::Create(params, options.hostname, 0);
    if (injector) {
      injector_.emplace(std::move(*injector));
    } else {
      problems.Error(section->location, injector.error().message);
    }
  }
  const config::Element* const section = FindSection(root, "format");
  if (section == nullptr) {
    problems.Error(root.location, "there is no <format> section");
    return;
  }
  auto formatter = builder_.MakeFormatter(*section);
  if (problems.ErrorCount() == errors) formatter_ = std::move(formatter);
}

Result<std::string> FormatSession::FormatLine(std::string_view event) {
  batch_.Reset();
  auto read = ReadEventJson(batch_.arena().Store(event), batch_);
  if (!read) return tl::unexpected(read.error());
  auto origin = std::make_shared<Origin>();
  origin->tag = read->tag;
  batch_.set_origin(std::move(origin));
  Row& row = batch_.rows()[read->row];
  if (injector_) injector_->Apply(batch_, row, read->tag);
  ByteBuffer out;
  std::string why;
  if (!formatter_->Format(batch_, row, out, &why)) return Fail(std::move(why));
  return std::string(out.view());
}

int Format(const std::vector<std::string>& args) {
  const auto options = ParseAgentOptions("format", args);
  if (!options) return kUsage;
  config::Problems problems;
  config::Loaded loaded;
  LoadConfig(*options, &loaded, &problems);
  const SystemSettings system = ReadSystem(loaded.root, *options, problems);
  FormatSession session(loaded.root, BuildOptionsOf(*options, system), problems);
  std::fputs(config::Format(problems).c_str(), stderr);
  if (problems.HasErrors() || !session.usable()) return kWrong;
  int code = kOk;
  size_t number = 0;
  for (std::string line; std::getline(std::cin, line);) {
    ++number;
    if (line.empty()) continue;
    const auto text = session.FormatLine(line);
    if (text) {
      std::cout << *text;
    } else {
      std::fprintf(stderr, "event %zu: %s\n", number, text.error().message.c_str());
      code = kWrong;
    }
  }
  return code;
}

}  // namespace tailrace::command
