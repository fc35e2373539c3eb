// SPDX-License-Identifier: Apache-2.0
// <filter> @type kubernetes_metadata: adds what the Kubernetes API knows of the container that an
// event comes from. Parameters and output are those of fluent-plugin-kubernetes_metadata_filter
// 3.7; how the metadata is obtained is not: pods are followed by one list and watch per agent
// (src/kubernetes), events never wait for a request, and only the file of a pod that is not known
// yet is held back, for a bounded time.

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/json.h"
#include "kubernetes/metadata_resolver.h"
#include "tailrace/define_plugin.h"
#include "tailrace/log.h"
#include "tailrace/params.h"
#include "tailrace/plugin.h"
#include "text/regex.h"

namespace tailrace {
namespace {

using kubernetes::ContainerRef;
using kubernetes::MetadataFragment;
using std::chrono::milliseconds;

enum class Shape { kKubernetesMetadata, kEcho };
EnumNames ParamNames(Shape) {
  return {{"kubernetes_metadata", static_cast<int>(Shape::kKubernetesMetadata)},
          {"echo", static_cast<int>(Shape::kEcho)}};
}

milliseconds Milliseconds(Seconds time) {
  return milliseconds(static_cast<int64_t>(time.value * 1000));
}

struct KubernetesMetadataParams {
  std::optional<std::string> kubernetes_url;
  std::optional<std::string> kubeconfig;
  std::optional<std::string> pods_file;
  std::optional<std::string> node_name;
  std::optional<std::string> client_cert;
  std::optional<std::string> client_key;
  std::optional<std::string> ca_file;
  bool verify_ssl = true;
  bool ssl_partial_chain = false;
  std::optional<std::string> bearer_token_file;
  std::string secret_dir = "/var/run/secrets/kubernetes.io/serviceaccount";
  std::string api_version = "v1";
  int open_timeout = 3;
  int read_timeout = 10;
  bool watch = true;
  int watch_retry_interval = 1;
  int watch_retry_exponential_backoff_base = 2;
  int watch_retry_max_times = 10;
  int cache_size = 1000;
  int cache_ttl = 3600;
  int pods_max = 20000;
  Seconds wait_timeout{5};
  Seconds first_list_timeout{30};
  std::optional<std::string> tag_to_kubernetes_name_regexp;
  bool lookup_from_k8s_field = true;
  Shape shape = Shape::kKubernetesMetadata;
  std::vector<std::string> annotation_match;
  bool allow_orphans = true;
  std::string orphaned_namespace_name = ".orphaned";
  std::string orphaned_namespace_id = "orphaned";
  bool skip_labels = false;
  bool skip_pod_labels = false;
  bool skip_namespace_labels = false;
  bool skip_container_metadata = false;
  bool skip_master_url = false;
  bool skip_namespace_metadata = false;
  bool include_ownerrefs_metadata = false;
  int stats_interval = 30;
  std::optional<std::string> ignore_nil;
  std::optional<std::string> test_api_adapter;

  static const Schema<KubernetesMetadataParams>& schema();
};

using Params = KubernetesMetadataParams;

void DescribeApi(Schema<Params>& s) {
  s.Param(
      "kubernetes_url", &Params::kubernetes_url,
      "URL of the Kubernetes API. Without it: `kubeconfig`, else the service account of the pod "
      "that tailrace runs in, else no API at all, and metadata comes from tags alone.");
  s.Param("kubeconfig", &Params::kubeconfig,
          "A kubeconfig file whose current context says where the API is and who we are.");
  s.Param("pods_file", &Params::pods_file,
          "Pods and namespaces from a file instead of an API: JSON or YAML as `kubectl get "
          "pods,namespaces -A -o json` writes it. Read again when it changes.");
  s.Param("node_name", &Params::node_name,
          "Follow only the pods of this node. Default: the environment variable K8S_NODE_NAME; "
          "without either the pods of the whole cluster.");
  s.Param("client_cert", &Params::client_cert, "File with our client certificate (PEM).");
  s.Param("client_key", &Params::client_key, "File with the key of the client certificate (PEM).");
  s.Param("ca_file", &Params::ca_file, "File with the CA certificates that are trusted (PEM).");
  s.Param("verify_ssl", &Params::verify_ssl, "Whether the API's certificate is verified.");
  s.Param("ssl_partial_chain", &Params::ssl_partial_chain,
          "Whether an intermediate certificate in `ca_file` is enough.");
  s.Param("bearer_token_file", &Params::bearer_token_file,
          "File with a token. Read again before each request, so it may be renewed.");
  s.Param("secret_dir", &Params::secret_dir,
          "Folder of the service account: `token` and `ca.crt` are taken from there where no other "
          "parameter gives them.");
  s.Param("apiVersion", &Params::api_version, "Version of the core API; only v1 exists.");
  s.Param("open_timeout", &Params::open_timeout, "Seconds to wait for a connection.", {.min = 1});
  s.Param("read_timeout", &Params::read_timeout,
          "Seconds to wait for an answer; a whole list may take six times as long.", {.min = 1});
  s.Param("test_api_adapter", &Params::test_api_adapter, "A class of the Ruby plugin's own tests.",
          {.hidden = true, .deprecated = "it has no effect; use pods_file for tests"});
}

void DescribeFollowing(Schema<Params>& s) {
  s.Param("watch", &Params::watch,
          "Follow pods by list and watch. false: ask for each pod when its first line is read.");
  s.Param("watch_retry_interval", &Params::watch_retry_interval,
          "Seconds to wait after the first failure of a watch.", {.min = 0});
  s.Param("watch_retry_exponential_backoff_base", &Params::watch_retry_exponential_backoff_base,
          "Factor from one such wait to the next; they grow to 30 seconds at most.", {.min = 1});
  s.Param("watch_retry_max_times", &Params::watch_retry_max_times,
          "Accepted for old configurations: a watch is retried for ever and never ends the agent.",
          {.hidden = true});
  s.Param("cache_size", &Params::cache_size, "How many deleted pods are remembered.", {.min = 0});
  s.Param(
      "cache_ttl", &Params::cache_ttl,
      "Seconds for which a deleted pod is remembered, because its files may still be read; with "
      "`watch false`, for which an answer is used. Negative: no limit.");
  s.Param("pods_max", &Params::pods_max,
          "Limit of pods that are kept. When it is reached, deleted pods are forgotten first, then "
          "pods that are new are left out, counted in tailrace_kubernetes_pods_over_limit_total.",
          {.min = 1});
  s.Param("wait_timeout", &Params::wait_timeout,
          "How long the file of a pod that is not known yet is held back. After that its events go "
          "on with what their tag says.",
          {.min = 0});
  s.Param("first_list_timeout", &Params::first_list_timeout,
          "The same while the first list of pods has not been read, as when the API is away.",
          {.min = 0});
  s.Param("ignore_nil", &Params::ignore_nil, "Accepted for old configurations; has no effect.",
          {.hidden = true});
  s.Param("stats_interval", &Params::stats_interval,
          "Accepted for old configurations; see the metrics tailrace_kubernetes_*.",
          {.hidden = true});
}

void DescribeOutput(Schema<Params>& s) {
  s.Param("tag_to_kubernetes_name_regexp", &Params::tag_to_kubernetes_name_regexp,
          "Finds the container in a tag: named groups namespace, pod_name, container_name and one "
          "of docker_id and pod_uuid. Default: the names of files under /var/log/containers and "
          "/var/log/pods.");
  s.Param("lookup_from_k8s_field", &Params::lookup_from_k8s_field,
          "Whether a record that has kubernetes.namespace_name, pod_name, container_name and "
          "docker.container_id says itself which container it is of.");
  s.Param("shape", &Params::shape,
          "`kubernetes_metadata`: members `docker` and `kubernetes` as the Ruby plugin adds them; "
          "`echo`: `kubernetes` with namespace, pod_name, container_name and node_name.");
  s.Param("annotation_match", &Params::annotation_match,
          "Regular expressions; annotations whose name matches one of them are added.");
  s.Param("allow_orphans", &Params::allow_orphans,
          "Whether events of a namespace that does not exist are moved to the orphaned one.");
  s.Param("orphaned_namespace_name", &Params::orphaned_namespace_name, "Name of that namespace.");
  s.Param("orphaned_namespace_id", &Params::orphaned_namespace_id, "Its id.");
  s.Param("skip_labels", &Params::skip_labels, "Adds no labels at all.");
  s.Param("skip_pod_labels", &Params::skip_pod_labels, "Adds no labels of pods.");
  s.Param("skip_namespace_labels", &Params::skip_namespace_labels, "Adds no labels of namespaces.");
  s.Param("skip_container_metadata", &Params::skip_container_metadata,
          "Adds neither container_image nor container_image_id.");
  s.Param("skip_master_url", &Params::skip_master_url, "Adds no master_url.");
  s.Param("skip_namespace_metadata", &Params::skip_namespace_metadata,
          "Adds nothing of namespaces and does not follow them.");
  s.Param("include_ownerrefs_metadata", &Params::include_ownerrefs_metadata,
          "Adds ownerrefs: kind and name of what owns the pod.");
}

const Schema<Params>& KubernetesMetadataParams::schema() {
  static const auto s = [] {
    Schema<Params> table;
    DescribeApi(table);
    DescribeFollowing(table);
    DescribeOutput(table);
    table.Check([](const Params& p) {
      if (p.api_version != "v1") return std::string("apiVersion must be v1");
      if (p.pods_file && (p.kubernetes_url || p.kubeconfig)) {
        return std::string(
            "pods_file stands in for an API: remove it, or kubernetes_url/kubeconfig");
      }
      return std::string();
    });
    return table;
  }();
  return s;
}

// annotation_match as a function. Both watch threads call it; expressions keep scratch space.
class AnnotationRanks {
 public:
  explicit AnnotationRanks(const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns) {
      auto regex = text::Regex::Compile(pattern);
      if (regex) {
        regexes_.push_back(*std::move(regex));
      } else {
        LogError("annotation_match has an invalid regular expression, which is left out",
                 {{"pattern", pattern}, {"error", regex.error().message}});
      }
    }
  }
  bool empty() const { return regexes_.empty(); }
  std::optional<int> operator()(std::string_view key) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < regexes_.size(); ++i) {
      if (regexes_[i].Matches(key)) return static_cast<int>(i);
    }
    return std::nullopt;
  }

 private:
  std::mutex mutex_;
  std::vector<text::Regex> regexes_;
};

kubernetes::FragmentOptions FragmentOptionsOf(const Params& p) {
  kubernetes::FragmentOptions options;
  options.shape = p.shape == Shape::kEcho ? kubernetes::MetadataShape::kEcho
                                          : kubernetes::MetadataShape::kPlugin;
  options.skip_pod_labels = p.skip_labels || p.skip_pod_labels;
  options.skip_namespace_labels = p.skip_labels || p.skip_namespace_labels;
  options.skip_container_metadata = p.skip_container_metadata;
  options.skip_master_url = p.skip_master_url;
  options.skip_namespace_metadata = p.skip_namespace_metadata;
  options.include_ownerrefs = p.include_ownerrefs_metadata;
  options.allow_orphans = p.allow_orphans;
  options.orphaned_namespace_name = p.orphaned_namespace_name;
  options.orphaned_namespace_id = p.orphaned_namespace_id;
  options.master_url = p.kubernetes_url.value_or("");
  return options;
}

kubernetes::ClientParameters ClientParametersOf(const Params& p) {
  kubernetes::ClientParameters c;
  c.kubernetes_url = p.kubernetes_url.value_or("");
  c.kubeconfig = p.kubeconfig.value_or("");
  c.bearer_token_file = p.bearer_token_file.value_or("");
  c.ca_file = p.ca_file.value_or("");
  c.client_cert = p.client_cert.value_or("");
  c.client_key = p.client_key.value_or("");
  c.secret_dir = p.secret_dir;
  c.verify_ssl = p.verify_ssl;
  c.ssl_partial_chain = p.ssl_partial_chain;
  c.open_timeout = std::chrono::seconds(p.open_timeout);
  c.read_timeout = std::chrono::seconds(p.read_timeout);
  return c;
}

// Everything that makes two sources differ. Holds names of files and no secrets.
std::string ShareKey(const Params& p, const kubernetes::PodSourceOptions& options) {
  std::string key;
  for (const std::string& part :
       {options.pods_file, options.api ? options.api->server : std::string(),
        p.kubeconfig.value_or(""), p.bearer_token_file.value_or(""), p.ca_file.value_or(""),
        p.client_cert.value_or(""), p.client_key.value_or(""), p.secret_dir, options.node_name}) {
    key.append(part).append(1, '\0');
  }
  for (const int64_t part :
       {int64_t{p.verify_ssl}, int64_t{p.ssl_partial_chain}, int64_t{p.open_timeout},
        int64_t{p.read_timeout}, int64_t{p.watch}, int64_t{options.namespaces},
        int64_t{options.keep.pod_labels}, int64_t{options.keep.namespace_labels},
        int64_t{p.cache_size}, int64_t{p.cache_ttl}, int64_t{p.pods_max},
        int64_t{p.watch_retry_interval}, int64_t{p.watch_retry_exponential_backoff_base}}) {
    key.append(std::to_string(part)).append(1, '\0');
  }
  for (const std::string& pattern : p.annotation_match) key.append(pattern).append(1, '\0');
  return key;
}

kubernetes::PodSourceOptions SourceOptionsOf(const Params& p) {
  kubernetes::PodSourceOptions options;
  options.pods_file = p.pods_file.value_or("");
  options.node_name = p.node_name ? *p.node_name : kubernetes::ProcessEnvironment("K8S_NODE_NAME");
  options.watch = p.watch;
  const bool echo = p.shape == Shape::kEcho;
  options.namespaces = !p.skip_namespace_metadata && !echo;
  options.keep.pod_labels = !p.skip_labels && !p.skip_pod_labels && !echo;
  options.keep.namespace_labels = !p.skip_labels && !p.skip_namespace_labels && !echo;
  if (auto ranks = std::make_shared<AnnotationRanks>(p.annotation_match); !ranks->empty()) {
    options.keep.annotation = [ranks](std::string_view key) { return (*ranks)(key); };
  }
  options.limits.pods_max = static_cast<std::size_t>(p.pods_max);
  options.limits.deleted_max = static_cast<std::size_t>(p.cache_size);
  options.limits.deleted_ttl = std::chrono::seconds(std::max(p.cache_ttl, 0));
  options.backoff.wait = p.watch_retry_interval;
  options.backoff.base = p.watch_retry_exponential_backoff_base;
  return options;
}

// tag_to_kubernetes_name_regexp: the named groups of a match as a container.
class TagPattern {
 public:
  static Result<std::shared_ptr<TagPattern>> Compile(const std::string& pattern) {
    auto regex = text::Regex::Compile(pattern);
    if (!regex) return tl::unexpected(regex.error());
    auto result = std::make_shared<TagPattern>(*std::move(regex));
    for (const char* name : {"namespace", "pod_name", "container_name"}) {
      if (result->Group(name) == nullptr) return Fail(std::string("has no group named ") + name);
    }
    return result;
  }
  explicit TagPattern(text::Regex regex) : regex_(std::move(regex)) {}

  std::optional<ContainerRef> operator()(std::string_view tag) {
    if (!regex_.Match(tag, captures_)) return std::nullopt;
    ContainerRef ref;
    for (auto [name, member] :
         {std::pair("namespace", &ref.namespace_name), std::pair("pod_name", &ref.pod_name),
          std::pair("container_name", &ref.container_name), std::pair("pod_uuid", &ref.pod_uid),
          std::pair("docker_id", &ref.container_id)}) {
      if (const text::GroupName* group = Group(name)) *member = regex_.Named(captures_, *group);
    }
    return ref;
  }

 private:
  const text::GroupName* Group(std::string_view name) const {
    for (const text::GroupName& group : regex_.names()) {
      if (group.name == name) return &group;
    }
    return nullptr;
  }

  text::Regex regex_;
  text::Captures captures_;
};

class KubernetesMetadataFilter final : public Filter {
 public:
  using Params = KubernetesMetadataParams;

  KubernetesMetadataFilter(Params params, PluginEnv& env)
      : echo_(params.shape == Shape::kEcho),
        lookup_from_field_(params.lookup_from_k8s_field),
        resolver_(OptionsOf(params, env)) {}

  bool Ready(const Origin& origin) override { return resolver_.Ready(TagOf(origin)); }

  void Apply(Batch& batch, EventContext& /*context*/) override {
    std::shared_ptr<const MetadataFragment> fragment;
    if (batch.origin()) fragment = resolver_.ForTag(TagOf(*batch.origin()));
    if (fragment) batch.Keep(fragment);
    last_own_.reset();
    for (Row& row : batch.rows()) {
      if (row.dropped) continue;
      const MetadataFragment* chosen = fragment.get();
      if (lookup_from_field_) {
        if (auto own = FromRecord(batch, row)) chosen = own;
      }
      if (chosen != nullptr) Attach(batch, row, *chosen);
    }
  }

 private:
  static kubernetes::ResolverOptions OptionsOf(const Params& params, PluginEnv& env) {
    kubernetes::ResolverOptions options;
    options.fragment = FragmentOptionsOf(params);
    options.wait_timeout = Milliseconds(params.wait_timeout);
    options.first_list_timeout = Milliseconds(params.first_list_timeout);
    if (params.tag_to_kubernetes_name_regexp) {
      auto pattern = TagPattern::Compile(*params.tag_to_kubernetes_name_regexp);
      if (pattern) {
        options.parse_tag = [pattern = *pattern](std::string_view tag) { return (*pattern)(tag); };
      } else {
        env.Problem(env.element(), "tag_to_kubernetes_name_regexp", pattern.error().message);
      }
    }
    kubernetes::PodSourceOptions source = SourceOptionsOf(params);
    if (!params.pods_file) {
      auto api = kubernetes::ResolveClientConfig(ClientParametersOf(params));
      if (!api) {
        env.Problem(env.element(), KeyOf(api.error().message), api.error().message);
        return options;
      }
      if (!*api) return options;
      source.api = *std::move(*api);
      options.fragment.master_url = source.api->shown_url;
    }
    source.share_key = ShareKey(params, source);
    options.source = std::move(source);
    return options;
  }

  // Messages of ResolveClientConfig() begin with the parameter that they are about.
  static std::string_view KeyOf(std::string_view message) {
    return message.substr(0, message.find_first_of(": "));
  }

  // For the echo shape the file's own path serves as well as a tag that was made from it.
  std::string_view TagOf(const Origin& origin) {
    if (!echo_ || origin.path.empty() || kubernetes::ParseContainerTag(origin.tag)) {
      return origin.tag;
    }
    path_tag_ = origin.path;
    std::replace(path_tag_.begin(), path_tag_.end(), '/', '.');
    return path_tag_;
  }

  static void Attach(Batch& batch, Row& row, const MetadataFragment& fragment) {
    if (!fragment.docker.empty()) {
      batch.Set(row, "docker", Value::Of(Kind::kObject, fragment.docker));
    }
    const int64_t seconds = row.time == kNoTime ? INT64_MAX : row.time.sec;
    batch.Set(row, "kubernetes", Value::Of(Kind::kObject, fragment.KubernetesAt(seconds)));
  }

  // The metadata of the container that the record itself names, or null.
  const MetadataFragment* FromRecord(Batch& batch, const Row& row) {
    const Field* kubernetes = batch.Find(row, "kubernetes");
    if (kubernetes == nullptr || kubernetes->kind != Kind::kObject) return nullptr;
    const Field* docker = batch.Find(row, "docker");
    if (docker == nullptr || docker->kind != Kind::kObject) return nullptr;
    ContainerRef ref;
    unsigned found = 0;
    const auto take = [&](const Value& object, std::string_view key, std::string* member) {
      json::ForEachMember(object.bytes(), batch.arena(), [&](const Field& field) {
        if (field.key() != key || !field.value().is_string()) return true;
        *member = field.kind == Kind::kEscaped
                      ? json::Unescape(field.value().bytes(), batch.arena())
                      : field.value().bytes();
        ++found;
        return false;
      });
    };
    take(kubernetes->value(), "namespace_name", &ref.namespace_name);
    take(kubernetes->value(), "pod_name", &ref.pod_name);
    take(kubernetes->value(), "container_name", &ref.container_name);
    take(docker->value(), "container_id", &ref.container_id);
    if (found != 4) return nullptr;
    auto fragment = resolver_.ForContainer(ref);
    if (fragment != last_own_) {
      batch.Keep(fragment);
      last_own_ = std::move(fragment);
    }
    return last_own_.get();
  }

  const bool echo_;
  const bool lookup_from_field_;
  std::string path_tag_;
  std::shared_ptr<const MetadataFragment> last_own_;  // kept by the batch at hand
  kubernetes::MetadataResolver resolver_;
};

}  // namespace

PluginEntry KubernetesMetadataFilterPlugin() {
  const std::string id(64, '0');
  const std::string tag = "kubernetes.var.log.containers.web-0_prod_nginx-" + id + ".log";
  return DefinePlugin<KubernetesMetadataFilter>(
      PluginKind::kFilter, "kubernetes_metadata",
      "Adds what the Kubernetes API knows of the container that an event comes from.", {},
      {{"Without an API the file's name says which container it is.",
        "<filter kubernetes.**>\n  @type kubernetes_metadata\n  secret_dir "
        "/nonexistent\n</filter>\n",
        R"({"tag":")" + tag + R"(","time":[1700000000,0],"record":{"log":"hello"}})" + "\n",
        R"({"tag":")" + tag +
            R"(","time":[1700000000,0],"record":{"log":"hello","docker":{"container_id":")" + id +
            R"("},"kubernetes":{"container_name":"nginx","namespace_name":"prod",)" +
            R"("pod_name":"web-0"}}})" + "\n"}});
}

}  // namespace tailrace
