// SPDX-License-Identifier: Apache-2.0
#pragma once
// `tailrace parse`: FILE holds one <parse> section; lines in, one JSON line out for each event.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/element.h"
#include "config/problems.h"
#include "runtime/builder.h"
#include "tailrace/plugin.h"

namespace tailrace::command {

int Parse(const std::vector<std::string>& args);

// The parser of a configuration's one <parse> section (at its top, or within the first <source> or
// <filter>), fed line by line.
class ParseSession {
 public:
  // What is wrong goes to `problems`; usable() is false then. `root` must outlive the session.
  ParseSession(const config::Element& root, runtime::BuildOptions options,
               config::Problems& problems);

  bool usable() const { return parser_ != nullptr; }
  const std::string& type() const { return type_; }

  // What the parser makes of one line (without its line end), each as a JSON line without newline:
  //   {"time":[sec,nsec],"record":{…}}   or "time":null where there is none
  //   {"unparsed":true}                  not in this format
  //   {"unparsed":true,"error":"…"}      Fluentd's parser would raise here
  std::vector<std::string> ParseLine(std::string_view line);
  // The same for lines that follow each other in one file: events of several lines are put
  // together.
  std::vector<std::string> ParseFile(const std::vector<std::string_view>& lines);

 private:
  std::vector<std::string> Print(ParseStatus status);

  runtime::Builder builder_;
  std::unique_ptr<Parser> parser_;
  std::string type_;
  Batch batch_;
  Arena scratch_;
};

}  // namespace tailrace::command
