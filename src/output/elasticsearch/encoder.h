// SPDX-License-Identifier: Apache-2.0
#pragma once
// Rows to bulk lines: the action line with index and id, and the document. One per worker.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "buffer/chunk_keys.h"
#include "tailrace/plugin.h"
#include "text/placeholders.h"
#include "text/time_format.h"

namespace tailrace::elasticsearch {

struct EncoderOptions {
  // Where documents go: `prefix` + `separator` + date with logstash_format, else index_name.
  bool logstash_format = false;
  std::string logstash_prefix = "logstash";
  std::string logstash_separator = "-";
  std::string logstash_dateformat = "%Y.%m.%d";
  bool utc_index = true;
  std::string index_name = "fluentd";
  buffer::BufferOptions buffer;  // whose chunk keys index_name may name

  bool add_timestamp = false;  // @timestamp where the event has none
  int time_precision = 9;
  bool include_tag_key = false;
  std::string tag_key = "tag";
  // Ids that say where the event came from: for events that can be read again.
  bool document_ids = true;
  std::string write_operation = "index";
};

class BulkEncoder final : public Encoder {
 public:
  static Result<std::unique_ptr<BulkEncoder>> Create(const EncoderOptions& options);

  void Encode(Batch& batch, std::span<const uint32_t> rows, Chunk& chunk,
              EventContext& context) override;
  bool Decode(std::string_view event, Batch& batch, Row& row) override;
  // Every line names its own index, so events of all chunk keys share requests.
  bool separate_keys() const override { return false; }

 private:
  explicit BulkEncoder(const EncoderOptions& options) : options_(options), keys_(options.buffer) {}

  void AppendIndexName(Batch& batch, const Row& row, std::string& out);
  // The action line up to the id, rendered once per period of the index's date.
  const std::string& ActionHead(Batch& batch, const Row& row, bool create);
  void AppendDocument(const Batch& batch, const Row& row, ByteBuffer& out);

  struct Head {
    std::string text;
    int64_t from = 0;  // good for times in [from, until)
    int64_t until = 0;
  };

  EncoderOptions options_;
  buffer::ChunkKeys keys_;
  std::optional<text::TimeFormatter> date_;
  std::optional<text::Placeholders> index_;
  std::optional<text::Rfc3339Writer> timestamp_;
  int64_t period_ = 0;    // seconds for which the index's name stays the same; 0 = for ever
  bool per_row_ = false;  // the index's name depends on more than the time
  Head heads_[2];         // without and with our own id
};

}  // namespace tailrace::elasticsearch
