// SPDX-License-Identifier: Apache-2.0
#pragma once
// The parameters of the elasticsearch family (fluent-plugin-elasticsearch's names and defaults).

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/gzip.h"
#include "tailrace/buffered_params.h"
#include "tailrace/params.h"

namespace tailrace::elasticsearch {

enum class Scheme : uint8_t { kHttp, kHttps };
enum class DocumentIds : uint8_t { kAuto, kNever };
EnumNames ParamNames(Scheme);
EnumNames ParamNames(DocumentIds);

}  // namespace tailrace::elasticsearch

namespace tailrace::net {
EnumNames ParamNames(CompressionLevel);
}

namespace tailrace::elasticsearch {

using TextHash = std::vector<std::pair<std::string, std::string>>;

struct ElasticsearchParams : BufferedParams {
  // Where to.
  std::string host = "localhost";
  int64_t port = 9200;
  std::optional<std::string> hosts;
  std::optional<std::string> path;
  Scheme scheme = Scheme::kHttp;
  std::optional<std::string> user;
  std::optional<Secret> password;
  std::optional<Secret> api_key;
  TextHash custom_headers;
  Seconds request_timeout{5};
  bool ssl_verify = true;
  std::optional<std::string> ca_file;
  std::optional<std::string> client_cert;
  std::optional<std::string> client_key;
  std::optional<Secret> client_key_pass;
  std::string ssl_version = "TLSv1_2";
  std::optional<std::string> ssl_min_version;
  std::optional<std::string> ssl_max_version;
  std::optional<std::string> bulk_directory;
  net::CompressionLevel compression_level = net::CompressionLevel::kNone;

  // What.
  std::string index_name = "fluentd";
  bool logstash_format = false;
  std::string logstash_prefix = "logstash";
  std::string logstash_prefix_separator = "-";
  std::string logstash_dateformat = "%Y.%m.%d";
  bool utc_index = true;
  bool include_timestamp = false;
  int64_t time_precision = 9;
  bool include_tag_key = false;
  std::string tag_key = "tag";
  std::string write_operation = "index";
  std::optional<std::string> id_key;
  DocumentIds document_ids = DocumentIds::kAuto;

  // What has to be there first.
  std::optional<std::string> template_name;
  std::optional<std::string> template_file;
  bool template_overwrite = false;
  bool use_legacy_template = true;
  TextHash customize_template;
  bool enable_ilm = false;
  std::string ilm_policy_id = "logstash-policy";
  std::optional<JsonText> ilm_policy;
  std::optional<std::string> ilm_policy_file;
  bool ilm_policy_overwrite = false;

  static const Schema<ElasticsearchParams>& schema();
};

}  // namespace tailrace::elasticsearch
