// SPDX-License-Identifier: Apache-2.0
#include "output/elasticsearch/encoder.h"

#include <algorithm>

#include "event/json.h"
#include "output/elasticsearch/bulk_id.h"

namespace tailrace::elasticsearch {
namespace {

// For how many seconds (aligned, from the epoch) a date in this format stays the same. Zones are
// off UTC by multiples of 15 minutes.
int64_t PeriodOf(std::string_view format) {
  if (format.find('%') == std::string_view::npos) return 0;
  if (format.find_first_of("STscXrLN") != std::string_view::npos) return 1;
  if (format.find_first_of("MR") != std::string_view::npos) return 60;
  return 900;
}

}  // namespace

Result<std::unique_ptr<BulkEncoder>> BulkEncoder::Create(const EncoderOptions& options) {
  std::unique_ptr<BulkEncoder> encoder(new BulkEncoder(options));
  if (options.logstash_format) {
    text::TimeOptions time;
    time.format = options.logstash_dateformat;
    time.utc = options.utc_index;
    time.localtime = !options.utc_index;
    auto date = text::TimeFormatter::Create(time);
    if (!date) return Fail(date.error().message);
    encoder->date_ = std::move(*date);
    encoder->period_ = PeriodOf(options.logstash_dateformat);
  } else {
    encoder->index_ = text::Placeholders::Compile(options.index_name, encoder->keys_.set());
    encoder->period_ = PeriodOf(options.index_name);
    encoder->per_row_ = options.index_name.find("${") != std::string::npos;
  }
  if (options.add_timestamp) encoder->timestamp_.emplace(options.time_precision);
  return encoder;
}

// Indexes must be in lower case.
void BulkEncoder::AppendIndexName(Batch& batch, const Row& row, std::string& out) {
  std::string name;
  if (date_) {
    name = options_.logstash_prefix + options_.logstash_separator;
    name += date_->Format(row.time);
  } else {
    index_->Expand(keys_.Of(batch, row, batch.arena()), {}, name);
  }
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  });
  ByteBuffer quoted;
  json::AppendString(name, quoted);
  out += quoted.view();
}

const std::string& BulkEncoder::ActionHead(Batch& batch, const Row& row, bool create) {
  Head& head = heads_[create ? 1 : 0];
  const bool valid = !head.text.empty() && !per_row_ &&
                     (period_ == 0 || (row.time.sec >= head.from && row.time.sec < head.until));
  if (valid) return head.text;
  head.text = "{\"";
  head.text += create ? "create" : options_.write_operation;
  head.text += "\":{\"_index\":";
  AppendIndexName(batch, row, head.text);
  if (period_ > 0) {
    const int64_t into = ((row.time.sec % period_) + period_) % period_;
    head.from = row.time.sec - into;
    head.until = head.from + period_;
  }
  return head.text;
}

void BulkEncoder::Encode(Batch& batch, std::span<const uint32_t> rows, Chunk& chunk,
                         EventContext& /*context*/) {
  const Origin& origin = *batch.origin();
  const bool own_ids = options_.document_ids && !origin.identity.empty();
  ByteBuffer& out = chunk.body;
  for (const uint32_t index : rows) {
    const Row& row = batch.rows()[index];
    chunk.BeginEvent(batch.segments().empty() ? SegmentRef() : batch.segments()[row.segment]);
    out.Append(ActionHead(batch, row, own_ids));
    if (own_ids) {
      out.Append(",\"_id\":\"");
      AppendDocumentId(origin.identity, row.begin, row.sub, out);
      out.Append("\"}}\n");
    } else {
      out.Append("}}\n");
    }
    AppendDocument(batch, row, out);
    out.Append('\n');
  }
}

void BulkEncoder::AppendDocument(const Batch& batch, const Row& row, ByteBuffer& out) {
  json::AppendObject(batch, row, out);
  const bool tag = options_.include_tag_key;
  const bool timestamp = timestamp_ && batch.Find(row, "@timestamp") == nullptr;
  if (!tag && !timestamp) return;
  out.Truncate(out.size() - 1);  // the closing brace
  bool first = row.count == 0;
  if (timestamp) {
    out.Append(first ? "\"@timestamp\":\"" : ",\"@timestamp\":\"");
    char* to = out.Room(text::Rfc3339Writer::kMaxBytes);
    out.Commit(static_cast<size_t>(timestamp_->Write(row.time, to) - to));
    out.Append('"');
    first = false;
  }
  if (tag) {
    if (!first) out.Append(',');
    json::AppendString(options_.tag_key, out);
    out.Append(':');
    json::AppendString(batch.origin()->tag, out);
  }
  out.Append('}');
}

bool BulkEncoder::Decode(std::string_view event, Batch& batch, Row& row) {
  const size_t line_end = event.find('\n');
  if (line_end == std::string_view::npos) return false;
  std::string_view document = event.substr(line_end + 1);
  if (!document.empty() && document.back() == '\n') document.remove_suffix(1);
  char* padded = batch.arena().Allocate(document.size() + json::kPadding);
  std::memcpy(padded, document.data(), document.size());
  return json::ParseObject({padded, document.size()}, batch, row);
}

}  // namespace tailrace::elasticsearch
