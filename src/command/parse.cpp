// SPDX-License-Identifier: Apache-2.0
#include "command/parse.h"

#include <cstdio>
#include <iostream>
#include <iterator>

#include "command/agent_options.h"
#include "command/command.h"
#include "command/event_json.h"
#include "command/section.h"

namespace tailrace::command {
namespace {

constexpr size_t kLinePadding = 64;

}  // namespace

ParseSession::ParseSession(const config::Element& root, runtime::BuildOptions options,
                           config::Problems& problems)
    : builder_(root, std::move(options), problems) {
  const config::Element* const section = FindSection(root, "parse");
  if (section == nullptr) {
    problems.Error(root.location, "there is no <parse> section");
    return;
  }
  const size_t errors = problems.ErrorCount();
  type_ = std::string(section->Type());
  auto parser = builder_.MakeParser(*section);
  if (problems.ErrorCount() == errors) parser_ = std::move(parser);
}

std::vector<std::string> ParseSession::ParseLine(std::string_view line) {
  batch_.Reset();
  scratch_.Reset();
  const std::string_view stored = batch_.arena().Store(line);
  Line in;
  in.data = stored.data() == nullptr ? batch_.arena().Allocate(kLinePadding) : stored.data();
  in.size = static_cast<uint32_t>(line.size());
  in.end = line.size();
  return Print(parser_->Parse(in, batch_));
}

// Rows and unmatched parts of one line in their order: rows know their place.
std::vector<std::string> ParseSession::Print(ParseStatus status) {
  if (status == ParseStatus::kNoMatch) return {R"({"unparsed":true})"};
  if (status == ParseStatus::kError) {
    return {R"({"unparsed":true,"error":"its time or its encoding cannot be read"})"};
  }
  std::vector<std::string> events;
  size_t unmatched = batch_.unmatched().size();
  size_t place = 0;
  for (const Row& row : batch_.rows()) {
    for (; place < row.sub && unmatched > 0; ++place, --unmatched) {
      events.emplace_back(R"({"unparsed":true})");
    }
    ++place;
    std::string text = "{\"time\":";
    AppendTime(row.time, text);
    text += ",\"record\":";
    AppendRecord(batch_, row, scratch_, text);
    text += '}';
    events.push_back(std::move(text));
  }
  for (; unmatched > 0; --unmatched) events.emplace_back(R"({"unparsed":true})");
  return events;
}

std::vector<std::string> ParseSession::ParseFile(const std::vector<std::string_view>& lines) {
  batch_.Reset();
  scratch_.Reset();
  std::vector<Line> in;
  uint64_t at = 0;
  for (const std::string_view line : lines) {
    const std::string_view stored = batch_.arena().Store(line);
    Line one;
    one.data = stored.data() == nullptr ? batch_.arena().Allocate(kLinePadding) : stored.data();
    one.size = static_cast<uint32_t>(line.size());
    one.begin = at;
    at = one.end = at + line.size() + 1;
    in.push_back(one);
  }
  const auto stream = parser_->NewStream();
  stream->Parse(in, batch_);
  stream->Flush(batch_);
  std::vector<std::string> events = Print(ParseStatus::kOk);
  return events;
}

int Parse(const std::vector<std::string>& args) {
  const auto options = ParseAgentOptions("parse", args);
  if (!options) return kUsage;
  config::Problems problems;
  config::Loaded loaded;
  LoadConfig(*options, &loaded, &problems);
  const SystemSettings system = ReadSystem(loaded.root, *options, problems);
  ParseSession session(loaded.root, BuildOptionsOf(*options, system), problems);
  std::fputs(config::Format(problems).c_str(), stderr);
  if (problems.HasErrors() || !session.usable()) return kWrong;

  const auto print = [](const std::vector<std::string>& events) {
    for (const std::string& event : events) std::cout << event << '\n';
  };
  const bool whole = session.type() == "msgpack";
  const bool joins = session.type().find("multiline") != std::string::npos;
  if (!whole && !joins) {
    for (std::string line; std::getline(std::cin, line);) print(session.ParseLine(line));
    return kOk;
  }
  const std::string text(std::istreambuf_iterator<char>(std::cin), {});
  if (whole) {
    print(session.ParseLine(text));
    return kOk;
  }
  std::vector<std::string_view> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(std::string_view(text).substr(at, end - at));
    at = end + 1;
  }
  print(session.ParseFile(lines));
  return kOk;
}

}  // namespace tailrace::command
