// SPDX-License-Identifier: Apache-2.0
// <match> @type elasticsearch: documents to the bulk API.

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "buffer/params.h"
#include "config/element.h"
#include "config/problems.h"
#include "event/json.h"
#include "net/url.h"
#include "output/elasticsearch/encoder.h"
#include "output/elasticsearch/file_sender.h"
#include "output/elasticsearch/params.h"
#include "output/elasticsearch/sender.h"
#include "tailrace/define_plugin.h"

namespace tailrace::elasticsearch {
namespace {

net::HttpOptions HttpOptionsOf(const ElasticsearchParams& params, const net::Url& url) {
  net::HttpOptions http;
  http.base_url = url.Base();
  http.total_timeout =
      std::chrono::milliseconds(static_cast<int64_t>(params.request_timeout.value * 1000));
  http.connect_timeout = std::min(http.connect_timeout, http.total_timeout);
  if (params.api_key) {
    http.authorization = "ApiKey " + params.api_key->value;
  } else if (!url.user.empty()) {
    http.authorization = net::BasicAuthorization(url.user, url.password);
  }
  http.tls.verify = params.ssl_verify;
  http.tls.ca_file = params.ca_file.value_or("");
  http.tls.cert_file = params.client_cert.value_or("");
  http.tls.key_file = params.client_key.value_or("");
  if (params.client_key_pass) http.tls.key_passphrase = params.client_key_pass->value;
  http.tls.min_version = net::TlsVersion::k1_2;
  if (params.ssl_min_version) {
    http.tls.min_version =
        net::ParseTlsVersion(*params.ssl_min_version).value_or(net::TlsVersion::k1_2);
  }
  if (params.ssl_max_version) {
    http.tls.max_version =
        net::ParseTlsVersion(*params.ssl_max_version).value_or(net::TlsVersion::kDefault);
  }
  return http;
}

// Whether a template file is for _index_template: those have their mappings under "template".
bool IsComposable(std::string_view text) {
  bool composable = false;
  Arena scratch;
  json::ForEachMember(text, scratch, [&composable](const Field& member) {
    composable = composable || (member.key() == "template" && member.kind == Kind::kObject);
    return !composable;
  });
  return composable;
}

}  // namespace

class ElasticsearchOutput final : public BufferedOutput {
 public:
  using Params = ElasticsearchParams;

  ElasticsearchOutput(Params params, PluginEnv& env) : params_(std::move(params)) {
    AddHosts(env);
    for (const auto& [name, value] : params_.custom_headers) {
      sender_.headers.push_back({name, value});
    }
    sender_.compression = params_.compression_level;
    AddSetup(env);
  }

  std::unique_ptr<Encoder> NewEncoder(PluginEnv& env) override {
    EncoderOptions options;
    options.logstash_format = params_.logstash_format;
    options.logstash_prefix = params_.logstash_prefix;
    options.logstash_separator = params_.logstash_prefix_separator;
    options.logstash_dateformat = params_.logstash_dateformat;
    options.utc_index = params_.utc_index;
    options.index_name = params_.index_name;
    config::Problems reported;  // when the buffer itself was made
    LoadContext quiet{reported};
    options.buffer = buffer::ResolveBuffer(env.element(), buffer_defaults(), quiet);
    options.add_timestamp = params_.logstash_format || params_.include_timestamp;
    options.time_precision = static_cast<int>(params_.time_precision);
    options.include_tag_key = params_.include_tag_key;
    options.tag_key = params_.tag_key;
    options.write_operation = params_.write_operation;
    options.document_ids = params_.document_ids == DocumentIds::kAuto && !params_.id_key &&
                           env.element().Find("write_operation") == nullptr;
    auto encoder = BulkEncoder::Create(options);
    if (!encoder) {
      env.Problem(env.element(), "index_name", encoder.error().message);
      return nullptr;
    }
    return std::move(*encoder);
  }

  Status Start() override {
    if (!params_.bulk_directory) return {};
    std::error_code error;
    std::filesystem::create_directories(*params_.bulk_directory, error);
    if (error) return Fail("cannot make " + *params_.bulk_directory + ": " + error.message());
    return {};
  }

  std::unique_ptr<Sender> NewSender() override {
    if (params_.bulk_directory) {
      return std::make_unique<FileSender>(*params_.bulk_directory, params_.compression_level);
    }
    return std::make_unique<BulkSender>(sender_, setup_);
  }

  BufferDefaults buffer_defaults() const override {
    BufferDefaults defaults;
    defaults.chunk_keys = {"tag"};
    defaults.timekey_use_utc = true;
    return defaults;
  }

 private:
  void AddHosts(PluginEnv& env) {
    net::UrlDefaults defaults;
    defaults.scheme = params_.scheme == Scheme::kHttps ? "https" : "http";
    defaults.port = static_cast<uint16_t>(params_.port);
    defaults.path = params_.path.value_or("");
    defaults.user = params_.user.value_or("");
    if (params_.password) defaults.password = params_.password->value;
    const bool many = params_.hosts && !params_.hosts->empty();
    const std::string list = many ? *params_.hosts : params_.host;
    auto urls = net::ParseUrlList(list, defaults);
    if (!urls) {
      env.Problem(env.element(), many ? "hosts" : "host", urls.error().message);
      return;
    }
    for (const net::Url& url : *urls) sender_.hosts.push_back(HttpOptionsOf(params_, url));
    if (sender_.hosts.empty()) env.Problem(env.element(), "hosts", "no host is named");
  }

  void AddSetup(PluginEnv& env) {
    std::vector<SetupStep> steps;
    if (params_.enable_ilm) {
      std::string policy = DefaultPolicy();
      if (params_.ilm_policy) policy = params_.ilm_policy->text;
      if (params_.ilm_policy_file) {
        policy = ReadJson(env, "ilm_policy_file", *params_.ilm_policy_file, {});
      }
      steps.push_back({"lifecycle policy " + params_.ilm_policy_id,
                       "/_ilm/policy/" + params_.ilm_policy_id, std::move(policy),
                       params_.ilm_policy_overwrite, true});
    }
    if (params_.template_name && params_.template_file) {
      std::string text =
          ReadJson(env, "template_file", *params_.template_file, params_.customize_template);
      const bool composable = !params_.use_legacy_template || IsComposable(text);
      steps.push_back({"index template " + *params_.template_name,
                       (composable ? "/_index_template/" : "/_template/") + *params_.template_name,
                       std::move(text), params_.template_overwrite, false});
    }
    if (!steps.empty()) setup_ = std::make_shared<Setup>(std::move(steps), sender_.headers);
  }

  // The content of a file that must hold one JSON object, with texts replaced; "{}" after a
  // problem.
  static std::string ReadJson(PluginEnv& env, std::string_view key, const std::string& path,
                              const TextHash& replace) {
    std::ifstream file(path);
    std::stringstream content;
    content << file.rdbuf();
    std::string text = content.str();
    if (!file) {
      env.Problem(env.element(), key, "cannot read " + path);
      return "{}";
    }
    for (const auto& [from, to] : replace) ReplaceAll(from, to, text);
    const size_t size = text.size();
    text.append(json::kPadding, ' ');
    if (!json::Validate(std::string_view(text).substr(0, size))) {
      env.Problem(env.element(), key, path + " is not valid JSON");
      return "{}";
    }
    text.resize(size);
    return text;
  }

  static void ReplaceAll(const std::string& from, const std::string& to, std::string& text) {
    if (from.empty()) return;
    for (size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }

  // As fluent-plugin-elasticsearch ships it: roll over by size or age, never delete.
  static std::string DefaultPolicy() {
    return R"({"policy":{"phases":{"hot":{"actions":{"rollover":{"max_size":"50gb","max_age":"30d"}}}}}})";
  }

  Params params_;
  SenderOptions sender_;
  std::shared_ptr<Setup> setup_;
};

}  // namespace tailrace::elasticsearch

namespace tailrace {

PluginEntry ElasticsearchOutputPlugin() {
  return DefinePlugin<elasticsearch::ElasticsearchOutput>(
      PluginKind::kOutput, "elasticsearch", "Sends documents to Elasticsearch's bulk API.");
}

}  // namespace tailrace
