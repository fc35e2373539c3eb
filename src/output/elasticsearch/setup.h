// SPDX-License-Identifier: Apache-2.0
#pragma once
// What has to be at the server before the first document: index templates and lifecycle policies.
// Done once, by whichever flush thread comes first; until it has succeeded nothing is delivered, so
// no index is made with a wrong mapping.

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "net/http_client.h"
#include "tailrace/result.h"

namespace tailrace::elasticsearch {

// One document to put, unless it is there already and `overwrite` is off.
struct SetupStep {
  std::string what;  // "index template echo-logs", for the log
  std::string path;  // "/_index_template/echo-logs"
  std::string body;  // JSON
  bool overwrite = false;
  bool optional = false;  // a server that does not know this API (400, 404, 405) is no failure
};

class Setup {
 public:
  explicit Setup(std::vector<SetupStep> steps, std::vector<net::HttpHeader> headers)
      : steps_(std::move(steps)), headers_(std::move(headers)) {}

  // Any flush thread, with its own client. Cheap once everything is there.
  Status Ensure(net::HttpClient& client);

 private:
  Status Put(net::HttpClient& client, const SetupStep& step);
  net::HttpResult Send(net::HttpClient& client, const std::string& path, std::string_view json);

  std::vector<SetupStep> steps_;
  std::vector<net::HttpHeader> headers_;
  std::atomic<bool> done_{false};
  std::mutex mutex_;  // held while one thread sets up; the others wait for it
};

}  // namespace tailrace::elasticsearch
