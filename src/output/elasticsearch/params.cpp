// SPDX-License-Identifier: Apache-2.0
#include "output/elasticsearch/params.h"

namespace tailrace::net {

EnumNames ParamNames(CompressionLevel) {
  return {{"no_compression", int(CompressionLevel::kNone)},
          {"best_speed", int(CompressionLevel::kFast)},
          {"default_compression", int(CompressionLevel::kDefault)},
          {"best_compression", int(CompressionLevel::kBest)}};
}

}  // namespace tailrace::net

namespace tailrace::elasticsearch {

EnumNames ParamNames(Scheme) {
  return {{"http", int(Scheme::kHttp)}, {"https", int(Scheme::kHttps)}};
}

EnumNames ParamNames(DocumentIds) {
  return {{"auto", int(DocumentIds::kAuto)}, {"never", int(DocumentIds::kNever)}};
}

namespace {

using P = ElasticsearchParams;

void AddConnection(Schema<P>& s) {
  s.Param("host", &P::host, "Server to send to.")
      .Param("port", &P::port, "Its port.", {.min = 1, .max = 65535})
      .Param("hosts", &P::hosts, "Several servers, as host:port or URLs, separated by commas.")
      .Param("path", &P::path, "Path before the API's own, for servers behind a proxy.")
      .Param("scheme", &P::scheme, "http or https.")
      .Param("user", &P::user, "User name.")
      .Param("password", &P::password, "Password.", {.secret = true})
      .Param("api_key", &P::api_key, "API key, in its encoded form.", {.secret = true})
      .Param("custom_headers", &P::custom_headers, "Further request headers.")
      .Param("request_timeout", &P::request_timeout, "Longest time for one request.",
             {.min = 0.001})
      .Param("ssl_verify", &P::ssl_verify, "Verifies the server's certificate and name.")
      .Param("ca_file", &P::ca_file, "Certificates to trust.")
      .Param("client_cert", &P::client_cert, "Our certificate.")
      .Param("client_key", &P::client_key, "Its key.")
      .Param("client_key_pass", &P::client_key_pass, "Passphrase of the key.", {.secret = true})
      .Param("ssl_version", &P::ssl_version, "TLS version; older ones are not spoken.")
      .Param("ssl_min_version", &P::ssl_min_version, "Lowest TLS version.")
      .Param("ssl_max_version", &P::ssl_max_version, "Highest TLS version.")
      .Param("bulk_directory", &P::bulk_directory,
             "Writes finished request bodies to files in this directory and sends nothing.")
      .Param("compression_level", &P::compression_level, "gzip for request bodies.");
}

void AddDocuments(Schema<P>& s) {
  s.Param("index_name", &P::index_name, "Index to write to; may have placeholders.")
      .Param("logstash_format", &P::logstash_format,
             "Indexes by day, PREFIX-YYYY.MM.DD, and an @timestamp in every document.")
      .Param("logstash_prefix", &P::logstash_prefix, "Prefix of such indexes.")
      .Param("logstash_prefix_separator", &P::logstash_prefix_separator,
             "What stands between prefix and date.")
      .Param("logstash_dateformat", &P::logstash_dateformat, "Form of the date.")
      .Param("utc_index", &P::utc_index, "The date is UTC's, not the local one.")
      .Param("include_timestamp", &P::include_timestamp,
             "Adds @timestamp without logstash_format, too.")
      .Param("time_precision", &P::time_precision, "Digits of a second in @timestamp.",
             {.min = 0, .max = 9})
      .Param("include_tag_key", &P::include_tag_key, "Adds the tag to every document.")
      .Param("tag_key", &P::tag_key, "Under this key.")
      .Param("write_operation", &P::write_operation, "index, create, update or upsert.")
      .Param("id_key", &P::id_key, "Field that holds the document's id.")
      .Param(
          "document_ids", &P::document_ids,
          "auto: documents that can be read again (tailed files) are created with an id made from "
          "file and offset, so that nothing is stored twice; never: the server makes ids.");
}

void AddSetup(Schema<P>& s) {
  s.Param("template_name", &P::template_name, "Index template to install at start.")
      .Param("template_file", &P::template_file, "File with the template.")
      .Param("template_overwrite", &P::template_overwrite, "Replaces a template that is there.")
      .Param("use_legacy_template", &P::use_legacy_template,
             "Installs it by _template; false: by _index_template. A file with a `template` member "
             "is always installed by _index_template.")
      .Param("customize_template", &P::customize_template, "Texts to replace in the template file.")
      .Param("enable_ilm", &P::enable_ilm, "Installs a lifecycle policy at start.")
      .Param("ilm_policy_id", &P::ilm_policy_id, "Name of the policy.")
      .Param("ilm_policy", &P::ilm_policy, "The policy, as JSON.")
      .Param("ilm_policy_file", &P::ilm_policy_file, "A file with the policy.")
      .Param("ilm_policy_overwrite", &P::ilm_policy_overwrite, "Replaces a policy that is there.");
}

}  // namespace

const Schema<ElasticsearchParams>& ElasticsearchParams::schema() {
  static const auto s = [] {
    Schema<P> made;
    made.Inherit<BufferedParams>();
    AddConnection(made);
    AddDocuments(made);
    AddSetup(made);
    return made;
  }();
  return s;
}

}  // namespace tailrace::elasticsearch
