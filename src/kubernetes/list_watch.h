// SPDX-License-Identifier: Apache-2.0
#pragma once
// Follows one kind of objects of the Kubernetes API: a paged LIST, then a WATCH from the version of
// that list, for as long as the process runs (the protocol:
// https://kubernetes.io/docs/reference/using-api/api-concepts/). It never gives up and never ends
// the process:
//
//   * a watch that ends or breaks is taken up again at the last version seen, without a new list;
//   * 410 in both its shapes (HTTP status, ERROR event in a 200) leads to a new list;
//   * every failure waits, longer each time, with a random part, so that the agents of a whole
//     cluster do not come back at the same moment; Retry-After is honoured;
//   * a problem is logged once when it begins (401 and 403 with what to do about it), again every
//     ten minutes, and once when it is over.
//
// Run() is the body of a thread; Stop() comes from another one and takes effect within 100 ms.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>

#include "kubernetes/api_client.h"
#include "net/backoff.h"
#include "tailrace/health.h"
#include "tailrace/metrics.h"

namespace simdjson::dom {
class element;
}

namespace tailrace::kubernetes {

// Takes the objects; called by the thread of Run() only.
class ObjectSink {
 public:
  virtual ~ObjectSink() = default;
  // A full list begins: what is not given to Put() before ListEnds() is gone. A list that breaks
  // off begins anew.
  virtual void ListBegins() = 0;
  virtual void ListEnds() = 0;
  virtual void Put(const simdjson::dom::element& object) = 0;  // new or changed
  virtual void Remove(const simdjson::dom::element& object) = 0;
  // Everything that had arrived together has been given: make it visible.
  virtual void Publish() = 0;
  // Between two requests, and so every few minutes at least.
  virtual void Tick() {}
};

struct ListWatchOptions {
  std::string resource;        // "pods": in logs and metric labels
  std::string path;            // "/api/v1/pods"
  std::string field_selector;  // "spec.nodeName=worker-1" or ""
  int page_size = 500;
  // How long one watch lasts before the server ends it (spread by up to a half).
  std::chrono::seconds watch_duration{300};
  // A watch that is silent for so long is taken up again: bookmarks come about once a minute.
  std::chrono::milliseconds watch_silence{150000};
  std::size_t event_bytes_max = std::size_t{16} << 20;
  net::BackoffOptions backoff{
      .wait = 1, .base = 2, .max_interval = 30, .randomize_width = 0.5, .randomize_first = true};
};

class ListWatch {
 public:
  ListWatch(const ClientConfig& config, ListWatchOptions options, ObjectSink& sink);

  void Run();
  void Stop();

 private:
  enum class WatchEnd {
    kEnded,    // by the server, in order: take it up again
    kExpired,  // 410: list again
    kFailed,   // problem_ says why
  };
  struct Problem {
    int status = 0;
    std::string message;
    std::chrono::seconds retry_after{0};
  };

  bool List();
  bool ListPage(std::string& continue_token, bool first, int& objects);
  std::string ListPath(const std::string& continue_token) const;
  WatchEnd Watch();
  bool OnLine(std::string_view line, WatchEnd& end);
  bool OnErrorEvent(const simdjson::dom::element& object, WatchEnd& end);
  void SetProblem(const ApiError& error);
  void ReportProblem(double wait);
  void ReportRecovery();
  // Waits for the next try; returns at once after Stop().
  void Pause();
  bool stopping();

  const ListWatchOptions options_;
  ApiClient client_;
  ObjectSink& sink_;
  net::Backoff backoff_;
  std::minstd_rand random_;

  std::string version_;  // resourceVersion up to which everything has been seen
  bool list_needed_ = true;
  bool list_from_cache_ = false;  // any version will do; else the newest
  bool delivered_ = false;        // this watch has brought an event
  std::string line_;              // the unfinished last line of the stream
  Problem problem_;
  int reported_status_ = -1;  // -1: no problem is open
  std::chrono::steady_clock::time_point reported_at_;

  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;

  std::shared_ptr<Cell> lists_;
  std::shared_ptr<Cell> events_;
  std::shared_ptr<Cell> expired_;
  std::shared_ptr<Cell> failures_;
  std::shared_ptr<HealthCondition> following_;
};

}  // namespace tailrace::kubernetes
