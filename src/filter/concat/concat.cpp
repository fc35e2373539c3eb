// SPDX-License-Identifier: Apache-2.0
// <filter> @type concat: joins events whose texts were one (stack traces, long lines cut in parts)
// as fluent-plugin-concat does (https://github.com/fluent-plugins-nursery/fluent-plugin-concat).
//
// One difference: what is unfinished when the agent stops, has no timeout_label to go to and can be
// read again is left to be read again, instead of being reported as an error.

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "config/problems.h"
#include "config/value.h"
#include "event/value.h"
#include "filter/concat/concat_params.h"
#include "filter/event_group.h"
#include "tailrace/define_plugin.h"
#include "tailrace/log.h"
#include "tailrace/steady_clock.h"
#include "text/regex.h"

namespace tailrace {
namespace {

using concat::ConcatParams;

using concat::Mode;
using concat::OverflowMethod;
using concat::PartialFormat;

constexpr int64_t kIdleNs = 60'000'000'000;  // how long an empty stream is remembered

// The fields that Docker's log drivers give to parts.
struct PartialFields {
  std::string_view message, id, ordinal, last, indicator;
};
PartialFields FieldsOf(PartialFormat format) {
  // The journald driver does not mark the last part, so its id tells.
  switch (format) {
    case PartialFormat::kDockerJournald:
      return {"CONTAINER_PARTIAL_MESSAGE", "CONTAINER_PARTIAL_ID", "CONTAINER_PARTIAL_ORDINAL",
              "CONTAINER_PARTIAL_LAST", "CONTAINER_PARTIAL_ID"};
    case PartialFormat::kDockerJournaldLowercase:
      return {"container_partial_message", "container_partial_id", "container_partial_ordinal",
              "container_partial_last", "container_partial_id"};
    case PartialFormat::kDockerFluentd:
      break;
  }
  return {"partial_message", "partial_id", "partial_ordinal", "partial_last", "partial_message"};
}

bool IsOwnLog(std::string_view tag) {
  for (const std::string_view level : {"trace", "debug", "info", "warn", "error", "fatal"}) {
    if (tag.starts_with("fluent.") && tag.substr(7) == level) return true;
  }
  return false;
}

size_t BytesOf(const Batch& batch, const Row& row) {
  size_t bytes = 0;
  for (const Field& field : batch.fields(row)) bytes += field.key_size + field.value_size;
  return bytes;
}

class ConcatFilter final : public Filter {
 public:
  using Params = ConcatParams;

  ConcatFilter(Params params, PluginEnv& env)
      : params_(std::move(params)),
        mode_(params_.mode()),
        partial_(FieldsOf(params_.partial_metadata_format)),
        clock_(env.clock()),
        id_(env.id()) {
    if (mode_ == Mode::kPattern) {
      start_ = Compile(params_.multiline_start_regexp, "multiline_start_regexp", env);
      end_ = Compile(params_.multiline_end_regexp, "multiline_end_regexp", env);
      continuous_ = Compile(params_.continuous_line_regexp, "continuous_line_regexp", env);
    }
    if (params_.timeout_label) env.UseLabel(*params_.timeout_label, env.element());
  }

  void Apply(Batch& batch, EventContext& context) override {
    if (batch.origin() == nullptr || IsOwnLog(batch.origin()->tag)) return;
    out_.clear();
    const size_t count = batch.rows().size();
    for (size_t i = 0; i < count; ++i) {
      const Row row = batch.rows()[i];  // a copy: rows are added meanwhile
      if (row.dropped || !Concerns(batch, row)) {
        out_.push_back(row);
      } else {
        Take(batch, row, context);
      }
    }
    batch.rows().swap(out_);
    const int64_t now = SteadyNanos();
    for (Stream* stream : touched_) {
      stream->group.Settle(batch);
      stream->touched_ns = now;
    }
    touched_.clear();
  }

  double tick_interval() const override { return 1; }
  void Tick(EventContext& context) override {
    const int64_t now = SteadyNanos();
    const auto wait = static_cast<int64_t>(params_.flush_interval.value * 1e9);
    for (Stream* stream : InOrder()) {
      const int64_t idle = now - stream->touched_ns;
      if (!stream->group.empty() && wait > 0 && idle >= wait) {
        LetGo(*stream, params_.use_first_timestamp ? std::nullopt : std::optional(clock_()),
              "Timeout flush: ", context);
      }
    }
    std::erase_if(streams_, [now](const auto& entry) {
      return entry.second.group.empty() && now - entry.second.touched_ns > kIdleNs;
    });
  }

  void Flush(EventContext& context) override {
    for (Stream* stream : InOrder()) {
      if (stream->group.empty()) continue;
      if (!params_.timeout_label && stream->group.holds_segments()) {
        LogInfo("concat: an unfinished event is left to be read again at the next start",
                {{"plugin_id", id_}, {"stream", stream->name}});
        continue;
      }
      LetGo(*stream, std::nullopt, "Flush remaining buffer: ", context);
    }
  }

 private:
  struct Stream {
    std::string name;
    EventGroup group;
    size_t bytes = 0;
    int64_t touched_ns = 0;
    uint64_t number = 0;  // in the order of their first events
  };

  static std::optional<text::Regex> Compile(const std::optional<std::string>& text,
                                            std::string_view param, PluginEnv& env) {
    if (!text) return std::nullopt;
    if (text->size() < 2 || text->front() != '/' || text->back() != '/') {
      env.load().problems.Warning(env.element().location,
                                  std::string(param) +
                                      " should be written as /pattern/: its first "
                                      "and last characters are taken off");
    }
    text::RegexOptions options;
    options.match_invalid_utf8_as_bytes = true;
    auto regex =
        text::Regex::Compile(text->size() < 2 ? "" : text->substr(1, text->size() - 2), options);
    if (regex) return std::move(*regex);
    env.Problem(env.element(), param, regex.error().message);
    return std::nullopt;
  }

  // Whether this filter has to do with the event at all.
  bool Concerns(const Batch& batch, const Row& row) const {
    if (batch.Find(row, params_.key) == nullptr) return false;
    if (mode_ == Mode::kPartialKey) return batch.Find(row, *params_.partial_key) != nullptr;
    if (mode_ == Mode::kPartialMetadata) return batch.Find(row, partial_.indicator) != nullptr;
    return true;
  }

  std::string_view TextAt(Batch& batch, const Row& row, std::string_view key) const {
    const Field* field = batch.Find(row, key);
    return field == nullptr ? std::string_view() : ToText(field->value(), batch.arena());
  }

  Stream& StreamOf(Batch& batch, const Row& row) {
    name_ = batch.origin()->tag;
    name_ += ':';
    if (params_.stream_identity_key) {
      name_ += TextAt(batch, row, *params_.stream_identity_key);
    } else if (mode_ != Mode::kPartialMetadata) {
      name_ += "default";
    }
    if (mode_ == Mode::kPartialMetadata) name_ += TextAt(batch, row, partial_.id);
    auto found = streams_.find(name_);
    if (found == streams_.end()) {
      found = streams_.emplace(name_, Stream()).first;
      found->second.name = name_;
      found->second.number = next_number_++;
    }
    return found->second;
  }

  std::vector<Stream*> InOrder() {
    std::vector<Stream*> streams;
    for (auto& [name, stream] : streams_) streams.push_back(&stream);
    std::sort(streams.begin(), streams.end(),
              [](const Stream* a, const Stream* b) { return a->number < b->number; });
    return streams;
  }

  void Take(Batch& batch, const Row& row, EventContext& context) {
    Stream& stream = StreamOf(batch, row);
    switch (mode_) {
      case Mode::kLines:
        Add(stream, batch, row);
        if (stream.group.size() >= static_cast<size_t>(*params_.n_lines)) {
          Finish(stream, batch, row, context);
        }
        break;
      case Mode::kPattern:
        TakeByPattern(stream, batch, row, context);
        break;
      case Mode::kPartialKey:
        TakePartial(stream, batch, row, context);
        break;
      case Mode::kPartialMetadata: {
        Add(stream, batch, row);
        if (TextAt(batch, row, partial_.last) == "true") Finish(stream, batch, row, context);
        break;
      }
      case Mode::kPartialCri:
        TakeCri(stream, batch, row, context);
        break;
    }
  }

  void TakeByPattern(Stream& stream, Batch& batch, const Row& row, EventContext& context) {
    const Value value = batch.Find(row, params_.key)->value();
    if (!value.is_string() && value.kind != Kind::kNull) {
      Row failed = row;
      context.MoveToError(batch, failed, "'" + params_.key + "' is no text");
      return;
    }
    // nil matches nothing.
    const bool nil = value.kind == Kind::kNull;
    const std::string_view text = nil ? std::string_view() : ToText(value, batch.arena());
    const bool last = !nil && end_ && end_->Matches(text);
    if (!nil && start_ && start_->Matches(text)) {
      if (!stream.group.empty()) Finish(stream, batch, row, context);
      Add(stream, batch, row);
      if (last) Finish(stream, batch, row, context);
    } else if (last) {
      Add(stream, batch, row);
      Finish(stream, batch, row, context);
    } else if (stream.group.empty()) {
      if (start_) {
        out_.push_back(row);
      } else {
        Add(stream, batch, row);
      }
    } else if (!continuous_ || (!nil && continuous_->Matches(text))) {
      Add(stream, batch, row);
    } else {
      Finish(stream, batch, row, context);
      out_.push_back(row);
    }
  }

  void TakePartial(Stream& stream, Batch& batch, const Row& row, EventContext& context) {
    const Value value = batch.Find(row, *params_.partial_key)->value();
    const bool more = value.is_string() && ToText(value, batch.arena()) == *params_.partial_value;
    const size_t bytes = BytesOf(batch, row);
    const bool over = stream.bytes + bytes > static_cast<size_t>(params_.buffer_limit_size.bytes);
    const OverflowMethod method = params_.buffer_overflow_method;
    stream.bytes = over ? bytes : stream.bytes + bytes;
    if (!over || method == OverflowMethod::kIgnore || stream.group.empty()) {
      Add(stream, batch, row);
      if (!more) Finish(stream, batch, row, context);
      return;
    }
    if (method == OverflowMethod::kNew) {
      Finish(stream, batch, row, context);
      stream.bytes = bytes;
      Add(stream, batch, row);
      if (!more) Finish(stream, batch, row, context);
      return;
    }
    Row given_up = row;
    if (method == OverflowMethod::kTruncate) {
      Finish(stream, batch, row, context);
    } else {
      stream.group.Drop(batch, "concat_overflow", context);
    }
    context.Drop(batch, given_up, "concat_overflow");
  }

  void TakeCri(Stream& stream, Batch& batch, const Row& row, EventContext& context) {
    const Field* field = batch.Find(row, *params_.partial_cri_logtag_key);
    if (field == nullptr || !field->value().is_string()) {
      Row failed = row;
      context.MoveToError(batch, failed, "'" + *params_.partial_cri_logtag_key + "' is missing");
      return;
    }
    const std::string_view tags = ToText(field->value(), batch.arena());
    Add(stream, batch, row);
    if (tags.substr(0, tags.find(':')) == "F") Finish(stream, batch, row, context);
  }

  void Add(Stream& stream, Batch& batch, const Row& row) {
    int64_t order = 0;
    if (mode_ == Mode::kPartialMetadata) {
      const std::string_view ordinal = TextAt(batch, row, partial_.ordinal);
      order = config::LeadingInteger(ordinal).value;
    }
    stream.group.Add(batch, row, TextAt(batch, row, params_.key), order);
    touched_.push_back(&stream);
  }

  // The whole event takes the place of `last`, the event that ended the group.
  void Finish(Stream& stream, Batch& batch, const Row& last, EventContext& context) {
    stream.bytes = 0;
    Row& whole = stream.group.Finish(batch, &last, params_.key, params_.separator, context);
    if (!params_.use_first_timestamp) whole.time = last.time;
    switch (mode_) {
      case Mode::kPartialKey:
        FromLast(batch, whole, last, *params_.partial_key, params_.keep_partial_key);
        break;
      case Mode::kPartialMetadata:
        if (params_.keep_partial_metadata) break;
        for (const auto key : {partial_.message, partial_.id, partial_.ordinal, partial_.last}) {
          batch.Erase(whole, key);
        }
        break;
      case Mode::kPartialCri:
        FromLast(batch, whole, last, *params_.partial_cri_logtag_key, params_.keep_partial_key);
        batch.Erase(whole, params_.partial_cri_stream_key);
        break;
      default:
        break;
    }
    out_.push_back(whole);
    batch.rows().pop_back();
  }

  // What says whether more follows is that of the last part.
  static void FromLast(Batch& batch, Row& whole, const Row& last, const std::string& key,
                       bool keep) {
    const Field* field = batch.Find(last, key);
    if (!keep || field == nullptr) {
      batch.Erase(whole, key);
    } else {
      batch.Set(whole, key, field->value());
    }
  }

  // An unfinished group goes to timeout_label or to @ERROR. Without `time` it keeps its own.
  void LetGo(Stream& stream, std::optional<EventTime> time, const char* why,
             EventContext& context) {
    stream.bytes = 0;
    auto batch = context.NewBatch();
    batch->set_origin(stream.group.origin());
    Row& whole = stream.group.Finish(*batch, nullptr, params_.key, params_.separator, context);
    if (time) whole.time = *time;
    LogInfo("concat: an unfinished event is let go", {{"plugin_id", id_}, {"stream", stream.name}});
    if (params_.timeout_label) {
      context.EmitTo(*params_.timeout_label, *batch);
    } else {
      context.MoveToError(*batch, batch->rows().front(), why + stream.name);
    }
    context.Recycle(std::move(batch));
  }

  Params params_;
  Mode mode_;
  PartialFields partial_;
  std::function<EventTime()> clock_;
  std::string id_;
  std::optional<text::Regex> start_, end_, continuous_;
  std::unordered_map<std::string, Stream> streams_;
  uint64_t next_number_ = 0;
  std::vector<Stream*> touched_;
  std::vector<Row> out_;
  std::string name_;
};

}  // namespace

PluginEntry ConcatFilterPlugin() {
  return DefinePlugin<ConcatFilter>(
      PluginKind::kFilter, "concat", "Joins events whose texts belong together.", {},
      {{"A stack trace",
        "<filter **>\n  @type concat\n  key log\n  multiline_start_regexp /^\\d{4}-/\n  "
        "multiline_end_regexp /^END$/\n</filter>\n",
        R"({"tag":"app","time":[1,0],"record":{"log":"2024-01-15 boom"}})"
        "\n"
        R"({"tag":"app","time":[2,0],"record":{"log":"  at main"}})"
        "\n"
        R"({"tag":"app","time":[3,0],"record":{"log":"END"}})",
        R"({"tag":"app","time":[3,0],"record":{"log":"2024-01-15 boom\n  at main\nEND"}})"},
       {"Parts of a long line",
        "<filter **>\n  @type concat\n  key log\n  partial_key partial\n  partial_value true\n  "
        "separator \"\"\n</filter>\n",
        R"({"tag":"app","time":[1,0],"record":{"log":"one ","partial":"true"}})"
        "\n"
        R"({"tag":"app","time":[2,0],"record":{"log":"line","partial":"false"}})",
        R"({"tag":"app","time":[2,0],"record":{"log":"one line"}})"}});
}

}  // namespace tailrace
