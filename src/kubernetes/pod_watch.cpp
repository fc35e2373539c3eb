// SPDX-License-Identifier: Apache-2.0
// Pods (of one node) and namespaces by list and watch: one thread for each of the two.

#include <thread>

#include "kubernetes/list_watch.h"
#include "kubernetes/object_reader.h"
#include "kubernetes/pod_source.h"
#include "tailrace/log.h"

namespace tailrace::kubernetes {
namespace {

class PodSink : public ObjectSink {
 public:
  PodSink(PodCache& cache, KeepOptions keep) : cache_(cache), keep_(std::move(keep)) {}

  void ListBegins() override { cache_.BeginPodList(); }
  void ListEnds() override { cache_.EndPodList(PodCache::Clock::now()); }
  void Put(const simdjson::dom::element& object) override {
    if (auto pod = ReadPod(object, keep_)) cache_.UpdatePod(*std::move(pod));
  }
  void Remove(const simdjson::dom::element& object) override {
    cache_.DeletePod(MetadataText(object, "namespace"), MetadataText(object, "name"),
                     MetadataText(object, "uid"), PodCache::Clock::now());
  }
  void Publish() override {
    cache_.DropAged(PodCache::Clock::now());
    cache_.Publish();
  }
  void Tick() override { Publish(); }

 private:
  PodCache& cache_;
  const KeepOptions keep_;
};

class NamespaceSink : public ObjectSink {
 public:
  NamespaceSink(PodCache& cache, KeepOptions keep) : cache_(cache), keep_(std::move(keep)) {}

  void ListBegins() override { cache_.BeginNamespaceList(); }
  void ListEnds() override { cache_.EndNamespaceList(); }
  void Put(const simdjson::dom::element& object) override {
    if (auto meta = ReadNamespace(object, keep_)) cache_.UpdateNamespace(*std::move(meta));
  }
  void Remove(const simdjson::dom::element& object) override {
    cache_.DeleteNamespace(MetadataText(object, "name"));
  }
  void Publish() override { cache_.Publish(); }

 private:
  PodCache& cache_;
  const KeepOptions keep_;
};

ListWatchOptions PodOptions(const PodSourceOptions& options) {
  ListWatchOptions result;
  result.resource = "pods";
  result.path = "/api/v1/pods";
  if (!options.node_name.empty()) result.field_selector = "spec.nodeName=" + options.node_name;
  result.backoff = options.backoff;
  return result;
}

ListWatchOptions NamespaceOptions(const PodSourceOptions& options) {
  ListWatchOptions result;
  result.resource = "namespaces";
  result.path = "/api/v1/namespaces";
  result.backoff = options.backoff;
  return result;
}

class PodWatch : public PodSource {
 public:
  explicit PodWatch(const PodSourceOptions& options)
      : PodSource(options.limits),
        pod_sink_(cache_, options.keep),
        namespace_sink_(cache_, options.keep),
        pods_(*options.api, PodOptions(options), pod_sink_) {
    if (options.node_name.empty()) {
      LogWarn(
          "node_name is not set (environment variable K8S_NODE_NAME): following the pods of the "
          "whole cluster, which costs the API server and this agent more than its node's pods");
    }
    if (options.namespaces) {
      cache_.WantNamespaces();
      namespaces_.emplace(*options.api, NamespaceOptions(options), namespace_sink_);
      namespace_thread_ = std::thread([this] { namespaces_->Run(); });
    }
    pod_thread_ = std::thread([this] { pods_.Run(); });
  }

  ~PodWatch() override {
    pods_.Stop();
    if (namespaces_) namespaces_->Stop();
    pod_thread_.join();
    if (namespace_thread_.joinable()) namespace_thread_.join();
  }

 private:
  PodSink pod_sink_;
  NamespaceSink namespace_sink_;
  ListWatch pods_;
  std::optional<ListWatch> namespaces_;
  std::thread pod_thread_;
  std::thread namespace_thread_;
};

}  // namespace

std::unique_ptr<PodSource> MakePodWatch(const PodSourceOptions& options) {
  return std::make_unique<PodWatch>(options);
}

}  // namespace tailrace::kubernetes
