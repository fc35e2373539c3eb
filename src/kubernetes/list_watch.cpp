// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/list_watch.h"

#include <malloc.h>
#include <simdjson.h>

#include "kubernetes/object_reader.h"
#include "net/url.h"
#include "tailrace/log.h"

namespace tailrace::kubernetes {
namespace {

namespace dom = simdjson::dom;
using std::chrono::seconds;
using std::chrono::steady_clock;

// A watch that lived this long ends a series of failures, even if nothing happened in it.
constexpr seconds kHealthyWatch{10};
constexpr seconds kReportAgain{600};
// A list of this size leaves enough garbage to be worth giving back.
constexpr int kLargeList = 200;

// What an operator can do about an answer.
std::string_view Advice(int status) {
  switch (status) {
    case 401:
      return "the API does not accept our credentials; check the token or the client certificate";
    case 403:
      return "the service account may not read this; give it the verbs list and watch on this "
             "resource (ClusterRole and ClusterRoleBinding)";
    case 404:
      return "the API has no such path; check kubernetes_url";
    case 0:
      return "the API cannot be reached or does not answer";
    default:
      return "the API does not give what was asked for";
  }
}

}  // namespace

ListWatch::ListWatch(const ClientConfig& config, ListWatchOptions options, ObjectSink& sink)
    : options_(std::move(options)),
      client_(config),
      sink_(sink),
      backoff_(options_.backoff),
      random_(std::random_device{}()),
      list_from_cache_(!options_.field_selector.empty()) {
  const auto counter = [&](std::string_view name, std::string_view help) {
    return Metrics::Global().Counter(name, help, {{"resource", options_.resource}});
  };
  lists_ = counter("tailrace_kubernetes_lists_total", "Lists read from the Kubernetes API.");
  events_ = counter("tailrace_kubernetes_watch_events_total",
                    "Watch events received from the Kubernetes API.");
  expired_ = counter("tailrace_kubernetes_watch_expired_total",
                     "Times the Kubernetes API said that our version is too old (410).");
  following_ = Health::Global().Add("kubernetes " + options_.resource);
  failures_ =
      counter("tailrace_kubernetes_failures_total", "Failed requests to the Kubernetes API.");
}

bool ListWatch::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void ListWatch::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  client_.Abort();
}

void ListWatch::Run() {
  while (!stopping()) {
    sink_.Tick();
    if (list_needed_ && !List()) {
      Pause();
      continue;
    }
    const auto begin = steady_clock::now();
    delivered_ = false;
    const WatchEnd end = Watch();
    if (stopping()) return;
    const bool healthy = delivered_ || steady_clock::now() - begin >= kHealthyWatch;
    if (healthy) backoff_.Reset();
    if (end == WatchEnd::kExpired) {
      expired_->Add();
      list_needed_ = true;
      list_from_cache_ = false;
      LogInfo("Kubernetes watch is too far behind; reading the whole list again",
              {{"resource", options_.resource}, {"resource_version", version_}});
    }
    // A server that ends every watch at once must not be asked in a tight loop.
    if (end == WatchEnd::kFailed || !healthy) Pause();
  }
}

std::string ListWatch::ListPath(const std::string& continue_token) const {
  std::string path = options_.path + "?limit=" + std::to_string(options_.page_size);
  if (!options_.field_selector.empty()) {
    path += "&fieldSelector=" + net::PercentEncode(options_.field_selector);
  }
  if (!continue_token.empty()) {
    path += "&continue=" + net::PercentEncode(continue_token);
  } else if (list_from_cache_) {
    // Answered from the API server's memory: a list of one node's pods from etcd would make it read
    // the pods of all nodes.
    path += "&resourceVersion=0";
  }
  return path;
}

bool ListWatch::ListPage(std::string& continue_token, bool first, int& objects) {
  auto body = client_.Get(ListPath(continue_token));
  if (!body) {
    // 410 on a later page: the list took too long. On the first: our cache wish was too old.
    if (body.error().expired()) {
      expired_->Add();
      list_from_cache_ = false;
    }
    SetProblem(body.error());
    return false;
  }
  dom::parser parser;
  dom::element list;
  dom::array items;
  if (parser.parse(body->data(), body->size(), false).get(list) != simdjson::SUCCESS ||
      MetadataText(list, "resourceVersion").empty()) {
    problem_ = {200, options_.path + ": the answer is not a Kubernetes list", seconds(0)};
    return false;
  }
  // "items" is null in an empty list of some servers.
  if (list["items"].get(items) == simdjson::SUCCESS) {
    for (const dom::element& item : items) {
      sink_.Put(item);
      ++objects;
    }
  }
  // All pages are of the version of the first one.
  if (first) version_ = MetadataText(list, "resourceVersion");
  continue_token = MetadataText(list, "continue");
  return true;
}

bool ListWatch::List() {
  sink_.ListBegins();
  std::string continue_token;
  bool first = true;
  int objects = 0;
  do {
    if (stopping() || !ListPage(continue_token, first, objects)) return false;
    first = false;
  } while (!continue_token.empty());
  sink_.ListEnds();
  sink_.Publish();
  lists_->Add();
  list_needed_ = false;
  list_from_cache_ = !options_.field_selector.empty();
  ReportRecovery();
  LogInfo("Kubernetes list read; watching for changes", {{"resource", options_.resource},
                                                         {"objects", objects},
                                                         {"selector", options_.field_selector},
                                                         {"resource_version", version_}});
  if (objects >= kLargeList) malloc_trim(0);
  return true;
}

ListWatch::WatchEnd ListWatch::Watch() {
  const auto base = options_.watch_duration.count();
  const auto duration = base + static_cast<int64_t>(random_()) % (base / 2 + 1);
  std::string path = options_.path + "?watch=1&allowWatchBookmarks=true&timeoutSeconds=" +
                     std::to_string(duration) + "&resourceVersion=" + version_;
  if (!options_.field_selector.empty()) {
    path += "&fieldSelector=" + net::PercentEncode(options_.field_selector);
  }
  WatchEnd end = WatchEnd::kEnded;
  line_.clear();
  const auto on_data = [&](std::string_view data) {
    if (line_.size() + data.size() > options_.event_bytes_max) {
      problem_ = {200,
                  options_.path + ": a watch event is larger than " +
                      std::to_string(options_.event_bytes_max) + " bytes",
                  seconds(0)};
      end = WatchEnd::kFailed;
      list_needed_ = true;
      return false;
    }
    line_.append(data);
    line_.reserve(line_.size() + simdjson::SIMDJSON_PADDING);
    std::size_t begin = 0;
    bool go_on = true;
    for (std::size_t newline; go_on && (newline = line_.find('\n', begin)) != std::string::npos;
         begin = newline + 1) {
      go_on = OnLine(std::string_view(line_).substr(begin, newline - begin), end);
    }
    line_.erase(0, begin);
    sink_.Publish();
    return go_on;
  };
  const auto result = client_.Watch(path, options_.watch_silence, on_data);
  if (!result) {
    if (result.error().expired()) return WatchEnd::kExpired;
    if (result.error().went_silent) return WatchEnd::kEnded;
    SetProblem(result.error());
    return WatchEnd::kFailed;
  }
  if (end == WatchEnd::kEnded) ReportRecovery();
  return end;
}

bool ListWatch::OnLine(std::string_view line, WatchEnd& end) {
  if (line.find_first_not_of(" \r\t") == std::string_view::npos) return true;
  dom::parser parser;
  dom::element event;
  dom::element object;
  // The line is followed by at least SIMDJSON_PADDING readable bytes of line_'s capacity.
  if (parser.parse(line.data(), line.size(), false).get(event) != simdjson::SUCCESS ||
      event["object"].get(object) != simdjson::SUCCESS) {
    problem_ = {200, options_.path + ": a watch event is not JSON", seconds(0)};
    end = WatchEnd::kFailed;
    list_needed_ = true;
    return false;
  }
  const std::string_view type = TextMember(event, "type");
  if (type == "ERROR") return OnErrorEvent(object, end);
  if (const std::string_view version = MetadataText(object, "resourceVersion"); !version.empty()) {
    version_ = version;
  }
  if (!delivered_) ReportRecovery();
  delivered_ = true;
  events_->Add();
  if (type == "ADDED" || type == "MODIFIED") sink_.Put(object);
  if (type == "DELETED") sink_.Remove(object);
  return true;  // BOOKMARK: only the version is of interest
}

bool ListWatch::OnErrorEvent(const dom::element& object, WatchEnd& end) {
  int64_t code = 0;
  if (object["code"].get(code) != simdjson::SUCCESS) code = 0;
  if (code == 410 || TextMember(object, "reason") == "Expired") {
    end = WatchEnd::kExpired;
    return false;
  }
  problem_ = {static_cast<int>(code),
              options_.path +
                  ": the watch ended with an error: " + std::string(TextMember(object, "message")),
              seconds(0)};
  end = WatchEnd::kFailed;
  return false;
}

void ListWatch::SetProblem(const ApiError& error) {
  // "Too large resource version": the server we reach now is behind the one we talked to before.
  if (error.status == 504) list_needed_ = true;
  problem_ = {error.status, error.message, error.retry_after};
}

void ListWatch::ReportProblem(double wait) {
  failures_->Add();
  following_->Bad(std::string(Advice(problem_.status)) + ": " + problem_.message);
  const auto now = steady_clock::now();
  if (reported_status_ == problem_.status && now - reported_at_ < kReportAgain) return;
  reported_status_ = problem_.status;
  reported_at_ = now;
  LogWarn(
      std::string("cannot follow Kubernetes objects: ") + std::string(Advice(problem_.status)) +
          "; trying again, metadata that is known stays in use",
      {{"resource", options_.resource}, {"next_try_seconds", wait}, {"error", problem_.message}});
}

void ListWatch::ReportRecovery() {
  following_->Good();
  if (reported_status_ < 0) return;
  reported_status_ = -1;
  LogInfo("Kubernetes objects are followed again", {{"resource", options_.resource}});
}

void ListWatch::Pause() {
  const double asked = static_cast<double>(problem_.retry_after.count());
  const double wait = std::max(backoff_.Next(), asked);
  if (!problem_.message.empty() && !stopping()) ReportProblem(wait);
  problem_ = {};
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, std::chrono::duration<double>(wait), [this] { return stopping_; });
}

}  // namespace tailrace::kubernetes
