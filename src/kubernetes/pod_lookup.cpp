// SPDX-License-Identifier: Apache-2.0
// `watch false`: pods and their namespaces are asked for one by one, when their first line is read,
// and again after `deleted_ttl` (the plugin's cache_ttl). One thread, one request at a time; the
// files concerned wait meanwhile, the workers do not.

#include <simdjson.h>

#include <condition_variable>
#include <deque>
#include <thread>

#include "kubernetes/api_client.h"
#include "kubernetes/object_reader.h"
#include "kubernetes/pod_source.h"
#include "net/url.h"
#include "tailrace/log.h"

namespace tailrace::kubernetes {
namespace {

using Clock = PodCache::Clock;
using std::chrono::duration_cast;

class PodLookup : public PodSource {
 public:
  explicit PodLookup(const PodSourceOptions& options)
      : PodSource(options.limits),
        options_(options),
        client_(*options.api),
        backoff_(options.backoff) {
    thread_ = std::thread([this] { Run(); });
  }

  ~PodLookup() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    client_.Abort();
    thread_.join();
  }

  void Want(std::string_view namespace_name, std::string_view pod_name) override {
    Name name{std::string(namespace_name), std::string(pod_name)};
    const std::lock_guard lock(mutex_);
    if (wanted_.size() >= options_.limits.pods_max) return;
    for (const Name& waiting : wanted_) {
      if (waiting == name) return;
    }
    wanted_.push_back(std::move(name));
    changed_.notify_all();
  }

 private:
  struct Name {
    std::string namespace_name;
    std::string pod_name;
    bool operator==(const Name&) const = default;
  };
  struct Known {
    Name name;
    Clock::time_point since;
  };

  void Run() {
    while (std::optional<Name> name = Next()) {
      if (!LookUp(*name)) {
        Pause();
        continue;
      }
      backoff_.Reset();
      const std::lock_guard lock(mutex_);
      std::erase(wanted_, *name);
      known_.push_back({*std::move(name), Clock::now()});
    }
  }

  // Waits for a name; forgets what is over its time meanwhile. Nothing when it is time to stop.
  std::optional<Name> Next() {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (stopping_) return std::nullopt;
      if (!wanted_.empty()) return wanted_.front();
      const auto ttl = options_.limits.deleted_ttl;
      const auto due = [this] { return stopping_ || !wanted_.empty(); };
      if (known_.empty() || ttl.count() <= 0) {
        changed_.wait(lock, due);
      } else if (!changed_.wait_until(lock, known_.front().since + ttl, due)) {
        cache_.ForgetPod(known_.front().name.namespace_name, known_.front().name.pod_name);
        known_.pop_front();
        cache_.Publish();
      }
    }
  }

  // False if the API could not be asked.
  bool LookUp(const Name& name) {
    const std::string namespace_path =
        "/api/v1/namespaces/" + net::PercentEncode(name.namespace_name);
    auto pod = client_.Get(namespace_path + "/pods/" + net::PercentEncode(name.pod_name) +
                           "?resourceVersion=0");
    if (!pod && pod.error().status != 404) return Report(pod.error());
    if (options_.namespaces) {
      auto meta = client_.Get(namespace_path + "?resourceVersion=0");
      if (!meta && meta.error().status != 404) return Report(meta.error());
      if (meta) TakeNamespace(*meta);
    }
    if (!pod || !TakePod(*pod)) cache_.MarkAbsent(name.namespace_name, name.pod_name);
    cache_.Publish();
    if (problem_open_) LogInfo("Kubernetes pods can be looked up again");
    problem_open_ = false;
    return true;
  }

  bool Report(const ApiError& error) {
    if (!error.aborted && !problem_open_) {
      problem_open_ = true;
      LogWarn(
          "cannot look up a pod; its events wait a bounded time, then carry only the names from "
          "their tag; trying again",
          {{"error", error.message}});
    }
    return false;
  }

  bool TakePod(const std::string& body) {
    simdjson::dom::parser parser;
    simdjson::dom::element object;
    if (parser.parse(body).get(object) != simdjson::SUCCESS) return false;
    auto pod = ReadPod(object, options_.keep);
    if (pod) cache_.UpdatePod(*std::move(pod));
    return true;
  }

  void TakeNamespace(const std::string& body) {
    simdjson::dom::parser parser;
    simdjson::dom::element object;
    if (parser.parse(body).get(object) != simdjson::SUCCESS) return;
    if (auto meta = ReadNamespace(object, options_.keep)) cache_.UpdateNamespace(*std::move(meta));
  }

  void Pause() {
    std::unique_lock lock(mutex_);
    // Another one may have more luck: a pod in a namespace that we may not read must not block.
    if (wanted_.size() > 1) {
      wanted_.push_back(std::move(wanted_.front()));
      wanted_.pop_front();
    }
    changed_.wait_for(lock, std::chrono::duration<double>(backoff_.Next()),
                      [this] { return stopping_; });
  }

  const PodSourceOptions options_;
  ApiClient client_;
  net::Backoff backoff_;
  bool problem_open_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Name> wanted_;
  std::deque<Known> known_;  // oldest first
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<PodSource> MakePodLookup(const PodSourceOptions& options) {
  return std::make_unique<PodLookup>(options);
}

}  // namespace tailrace::kubernetes
