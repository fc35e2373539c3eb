// SPDX-License-Identifier: Apache-2.0
#include "output/elasticsearch/setup.h"

#include <array>

#include "tailrace/log.h"

namespace tailrace::elasticsearch {

namespace {

// A template with the field type `flattened` for a server that lacks it: the field is then kept and
// not indexed.
std::string WithoutFlattened(std::string body) {
  static constexpr std::string_view kType = "\"flattened\"";
  for (size_t at = body.find(kType); at != std::string::npos; at = body.find(kType)) {
    const size_t begin = body.rfind('{', at);
    const size_t end = body.find('}', at);
    if (begin == std::string::npos || end == std::string::npos) break;
    body.replace(begin, end - begin + 1, R"({"type":"object","enabled":false})");
  }
  return body;
}

}  // namespace

Status Setup::Ensure(net::HttpClient& client) {
  if (done_.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock(mutex_);
  if (done_.load(std::memory_order_relaxed)) return {};
  for (const SetupStep& step : steps_) {
    if (Status status = Put(client, step); !status) return status;
  }
  done_.store(true, std::memory_order_release);
  return {};
}

net::HttpResult Setup::Send(net::HttpClient& client, const std::string& path,
                            std::string_view json) {
  net::HttpRequest put;
  put.method = "PUT";
  put.path = path;
  put.headers = headers_;
  put.headers.push_back({"Content-Type", "application/json"});
  const std::array<std::string_view, 1> body = {json};
  put.body = body;
  return client.Send(put);
}

Status Setup::Put(net::HttpClient& client, const SetupStep& step) {
  if (!step.overwrite) {
    net::HttpRequest head;
    head.method = "HEAD";
    head.path = step.path;
    head.headers = headers_;
    const auto answer = client.Send(head);
    if (!answer) return Fail(answer.error().message);
    if (answer->ok()) {
      LogInfo("this is at the server already and is left as it is.",
              {{"what", step.what}, {"server", client.options().base_url}});
      return {};
    }
  }
  auto answer = Send(client, step.path, step.body);
  if (!answer) return Fail(answer.error().message);
  if (answer->status == 400 && answer->body.find("[flattened]") != std::string::npos) {
    LogWarn("the server has no field type 'flattened'; the field is stored without being indexed.",
            {{"what", step.what}, {"server", client.options().base_url}});
    answer = Send(client, step.path, WithoutFlattened(step.body));
    if (!answer) return Fail(answer.error().message);
  }
  constexpr size_t kShown = 500;
  if (answer->ok()) {
    LogInfo("installed.", {{"what", step.what}, {"server", client.options().base_url}});
    return {};
  }
  const bool unknown_api = answer->status == 400 || answer->status == 404 || answer->status == 405;
  if (step.optional && unknown_api) {
    LogWarn("the server does not know this; the agent goes on without it.",
            {{"what", step.what}, {"status", answer->status}, {"path", step.path}});
    return {};
  }
  return Fail("cannot install " + step.what + ": " + client.options().base_url + step.path +
              " answered " + std::to_string(answer->status) + ": " +
              answer->body.substr(0, kShown));
}

}  // namespace tailrace::elasticsearch
