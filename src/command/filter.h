// SPDX-License-Identifier: Apache-2.0
#pragma once
// `tailrace filter`: events in, through a configuration's filters and direct outputs, events out.
// An event that would go to @ERROR (where the configuration has no such label) is printed with
// "error":"why" added. Destinations are not reached: what would be sent to one is printed.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/element.h"
#include "config/problems.h"
#include "runtime/builder.h"

namespace tailrace::command {

int Filter(const std::vector<std::string>& args);

class FilterSession {
 public:
  struct Event {
    std::string json;  // as it is printed, without newline
    std::string error;
    std::string sink;  // `name` of the section that took it, where that has one
  };

  // `label`: where events enter, "" for the root. What is wrong goes to `problems`. `root` must
  // outlive the session.
  FilterSession(const config::Element& root, runtime::BuildOptions options,
                const std::string& label, config::Problems& problems);
  ~FilterSession();

  // Events that no <match> takes are left out instead of printed.
  void DropUnmatched() {
    plan_.pipeline->set_no_match_sink([](Batch&) {});
  }
  // Runs one event ({"tag","time","record"}) and returns what came out, in order. An error if the
  // line is no event.
  Result<std::vector<Event>> Feed(std::string_view line);
  // The pipeline stops: what filters held.
  std::vector<Event> Flush();

 private:
  class Sink;
  void Collect(Batch& batch, const Row& row, std::string_view error, const std::string& sink);

  std::vector<Event> events_;
  std::unique_ptr<runtime::Builder> builder_;
  runtime::WorkerPlan plan_;
  route::Router* router_ = nullptr;
  Arena scratch_;
};

}  // namespace tailrace::command
